"""Which keys name personal data: `first_name`, `userEmail`, `X-Auth-Token`, `DB_PASSWORD`.

A key is split into words, whatever separates them, and its end decides: `user_password` is a
password, `password_changed` and `token_count` are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from alpines_privacy.http.cache import Cache
from alpines_privacy.policy import Logs

__all__ = ["IN_FORMS", "LONGEST", "KeyNames", "ends", "names_a_key", "words_of"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|[0-9]+")
LONGEST = 96  # characters of a key

# Fields that are personal in a form, if not elsewhere: `name` is the name of whoever fills it in.
IN_FORMS = {"name": "full_name", "your_name": "full_name", "recipient": "full_name"}
_COMPOUND = re.compile("[A-Z]?[a-z]+(?:[A-Z][a-z]+)+|[A-Z][a-z]*(?:-[A-Z][a-z]+)+")

# Ends of keys, their words joined, by the kind of the value. The longest listed end decides.
_KINDS = {
    "NAME": """
        firstname lastname fullname givenname familyname middlename maidenname surname forename
        fname lname displayname realname legalname preferredname nickname fathername mothername
        husbandname wifename spousename guardianname parentname childname kinname cardholder
        cardholdername holdername nameoncard billingname shippingname recipientname customername
        patientname studentname employeename personname contactname buyername sellername payername
        payeename beneficiaryname ownername sendername passengername guestname membername
    """,
    "EMAIL": "email emailaddress emailid emailaddr mail mailto useremail replyto",
    "ADDRESS": """
        address addressline addr addrline street streetaddress streetname mailingaddress
        postaladdress homeaddress billingaddress shippingaddress deliveryaddress permanentaddress
        presentaddress residentialaddress zip zipcode postcode postalcode housenumber
    """,
    "PHONE": """
        phone phonenumber mobile mobilephone mobilenumber telephone telephonenumber tel cell
        cellphone cellnumber fax whatsapp whatsappnumber msisdn contactnumber landline
    """,
    "CNIC": "cnic cnicnumber nic nicop nicnumber nationalid nationalidnumber idcard idcardnumber",
    "NTN": "ntn ntnnumber nationaltaxnumber taxnumber taxid taxpayerid",
    "USERNAME": "user username userlogin login loginname loginid screenname useraccount",
    "PASSWORD": """
        password passwd pwd passphrase passcode pass pin pincode secret passwordhash pw passwords
        passphrases passcodes dbpass apipass userpass rootpass adminpass loginpass mypass
    """,
    "SECRET": """
        token session sessionid sessid sessionkey sid phpsessid jsessionid sessionhash apikey
        apitoken apisecret accesskey accesskeyid secretkey secretaccesskey privatekey authkey
        signingkey encryptionkey masterkey clientsecret appsecret consumersecret webhooksecret
        authorization authentication authtoken accesstoken refreshtoken idtoken cookie cookies
        setcookie csrf xsrf csrftoken xsrftoken csrfmiddlewaretoken jwt bearer credential
        credentials signature otp totp onetimepassword onetimecode verificationcode mfacode
        recoverycode backupcode samlresponse codeverifier clientassertion totpcode otpcode smscode
        twofactorcode authcode authorizationcode accesscode confirmationcode devicecode resetcode
        logincode onetimecodes recoverycodes backupcodes verificationcodes apikeys apitokens
        accesskeys accesstokens authtokens authkeys privatekeys refreshtokens secretkeys sessionids
    """,
    "IP": """
        ip ipaddress ipaddr clientip clientaddress clientaddr remoteaddr remoteaddress remoteip
        remotehost sourceip srcip userip visitorip forwardedfor xforwardedfor xrealip realip
        connectingip peeraddress peerip peeraddr
    """,
    "USER_AGENT": "useragent ua",
    "CARD": """
        card cardnumber cardnum creditcard creditcardnumber debitcard debitcardnumber ccnumber
        ccnum pan primaryaccountnumber
    """,
    "CVV": "cvv cvv2 cvc cvc2 csc securitycode cardcode cardverificationvalue",
    "IBAN": "iban ibannumber",
    "SSN": "ssn socialsecurity socialsecuritynumber",
    "PASSPORT": "passport passportnumber passportid",
    "BIRTH_DATE": """
        dob birthdate dateofbirth birthday birthyear yearofbirth borndate birthmonth yob dobyear
        dobmonth dobday birthdateyear birthdatemonth birthdateday dateofbirthyear dateofbirthmonth
        dateofbirthday birthdayyear birthdaymonth birthdayday
    """,
    "MAC": "mac macaddress macaddr hwaddr hardwareaddress",
    "COORDINATES": """
        lat latitude lon lng long longitude coordinates coords latlng latlon latlong geolocation
        gps gpscoordinates
    """,
}

# Ends that look like one of those but name something else.
_OTHER = frozenset(
    {
        "lastlogin", "firstlogin", "autologin", "listenaddress", "bindaddress",
        "serveraddress", "localaddress", "hostaddress", "baseaddress", "memoryaddress",
        "returnaddress", "targetaddress", "virtualaddress", "physicaladdress",
        "nextpagetoken", "pagetoken", "continuationtoken", "synctoken", "stoptoken",
        "eostoken", "bostoken", "padtoken", "unktoken", "functionsignature",
        "methodsignature", "filesignature", "bypass", "firstpass", "lastpass", "secondpass",
        "multipass", "singlepass", "gpiopin", "cspass", "createuser", "adduser", "oldpwd",
    }
)  # fmt: skip

# What a key that ends in a joined word may end with: "myapikey", "usertoken" are one word each.
_JOINED = re.compile(
    r".+(?:(password|passwd|passphrase|passcode|pwd|(?<!get)pw)"
    r"|(apikey|secretkey|accesskey|privatekey|token"
    r"|sessionid|sessid|clientsecret)|(email|emailaddress)|(username)"
    r"|(firstname|lastname|fullname|surname)|(phonenumber|mobilenumber)|(useragent))"
)
_JOINED_KINDS = ("PASSWORD", "SECRET", "EMAIL", "USERNAME", "NAME", "PHONE", "USER_AGENT")

# Questions and amounts: their values describe the data and are not personal.
_ABOUT = frozenset(
    {
        "is", "has", "had", "can", "was", "should", "must", "need", "needs", "show", "hide",
        "enable", "enabled", "disable", "disabled", "allow", "use", "uses", "max", "min",
        "num", "count", "total", "require", "requires", "required",
    }
)  # fmt: skip
# Things, not people, that have a full or display name: `serviceFullName`, `value_display_name`.
_THINGS = frozenset(
    {
        "service", "value", "type", "product", "app", "application", "package", "file", "module", "class", "resource",
        "group", "table", "column", "field", "method", "event", "host", "domain", "schema", "project", "repo",
        "repository", "device", "function", "attribute", "property", "metric", "pool", "volume", "node",
    }
)  # fmt: skip
# Last words that do not change the kind of the value; a number at the end does not either (`password1`).
_MORE = {
    "no": "number", "num": "number", "nr": "number", "nbr": "number",
    "confirm": "", "confirmation": "", "confirmed": "", "repeat": "", "again": "", "value": "",
    "raw": "", "plain": "", "str": "", "text": "", "header": "", "field": "",
}  # fmt: skip


class KeyNames:
    """The keys of one policy: the table's and the site's own, except those it calls safe."""

    __slots__ = ("_kinds", "_known", "_own", "_safe")

    def __init__(self, logs: Logs) -> None:
        self._safe = frozenset(_joined(name) for name in logs.safe_keys)
        self._own = {_joined(key.name): key.kind for key in logs.keys}
        kinds = {end: kind for kind, ends in _KINDS.items() for end in ends.split()}
        self._kinds: dict[str, str] = {**kinds, **self._own}
        self._known: Cache[str, str | None] = Cache("log keys", self.read)

    def kind(self, key: str) -> str | None:
        """Return the kind of the value under a key; None where the key names no personal data."""
        return self._known[key]

    def is_safe(self, key: str) -> bool:
        """Tell whether the policy lists a key as safe."""
        return _joined(key) in self._safe

    def is_key(self, value: str, kind: str) -> bool:
        """Tell whether a value is only the name of a field: `PASSWORD_FIELD = "password"`.

        A password may be any word except those for passwords.
        """
        letters = value.replace("_", "").replace("-", "")
        if not letters.isalpha():
            return False
        if kind == "SECRET" and len(value) <= LONGEST and _COMPOUND.fullmatch(value):
            return self._known[value] == kind  # `"output_token": "NextToken"`
        named = self._kinds.get(letters.lower())
        if kind == "SECRET":  # a random run, so it is no word for a password either
            return named in {"SECRET", "PASSWORD"}
        return named is not None and (named == kind or kind != "PASSWORD")

    def read(self, key: str) -> str | None:
        """Return what `kind` does, without its cache: for callers that cache the answer themselves."""
        if len(key) > LONGEST or key[:1] == "[":  # a mark
            return None
        words = [word.lower() for word in _WORD.findall(key)]
        ends = _ends_of(words)
        if not words or ends[0] in self._safe:
            return None
        if self._own and (kind := _first(ends, self._own)):
            return kind
        return None if words[0] in _ABOUT else self._by_table(words, ends)

    def _by_table(self, words: list[str], ends: list[str]) -> str | None:
        """Return the kind that the last words name, without a number at the end or with the last word spelled out."""
        while words[-1].isdecimal() and len(words) > 1:
            words = words[:-1]
            ends = _ends_of(words)
        kind = self._listed(words, ends)
        if kind is None and words[-1] in _MORE:
            more = [*words[:-1], _MORE[words[-1]]]
            kind = self._listed(more, _ends_of(more))
        return _joined_kind(words[-1]) if kind is None else kind or None

    def _listed(self, words: list[str], ends: list[str]) -> str | None:
        """Return the kind that the table has for a name's end; "" where the table says it is not personal."""
        if not _OTHER.isdisjoint(ends):
            return ""
        kind = _first(ends, self._kinds)
        return "" if kind == "NAME" and _is_of_thing(words) else kind


def words_of(key: str) -> list[str]:
    """Return the words of a key of at most 96 characters in lower case, without its numbers."""
    return [word.lower() for word in _WORD.findall(key[-LONGEST:]) if not word.isdecimal()]


def _joined_kind(word: str) -> str | None:
    match = _JOINED.fullmatch(word)
    return _JOINED_KINDS[match.lastindex - 1] if match and match.lastindex else None


def _ends_of(words: list[str]) -> list[str]:
    """Return the ends of a name, words joined: from all of its words down to the last one."""
    ends, end = [], ""
    for word in reversed(words):
        end = word + end
        ends.append(end)
    ends.reverse()
    return ends


def _first(ends: list[str], kinds: Mapping[str, str]) -> str | None:
    for end in ends:
        if kind := kinds.get(end):
            return kind
    return None


def _is_of_thing(words: list[str]) -> bool:
    """Tell whether a thing stands before a name's last two words: `service full name`, not `app user full name`."""
    return words[-3:-2] != [] and words[-3] in _THINGS and words[-1] == "name"


def names_a_key(name: str) -> bool:
    """Tell whether a name ends like a key of the table, whatever its kind: `newPassword`, `pass1`."""
    words = [word.lower() for word in _WORD.findall(name) if not word.isdigit()]
    return not _ENDS.isdisjoint(_ends_of(words))


_ENDS = frozenset(end for ends in _KINDS.values() for end in ends.split()) | {"hash", "value"}


def _joined(key: str) -> str:
    return "".join(word.lower() for word in _WORD.findall(key))


def ends(logs: Logs) -> frozenset[str]:
    """Return the ends of all keys that name personal data, in small letters: for a first, cheap check."""
    names = {end for ends in _KINDS.values() for end in ends.split()}
    # Of a name with a digit inside, the part after the digit is enough.
    names |= {re.findall("[a-z]+", _joined(key.name))[-1] for key in logs.keys}
    return frozenset(name.rstrip("0123456789") for name in names | _MORE.keys()) - {""}
