"""Values known by their key: which keys, where a value ends, and what is no value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.policy import LogKey, Logs
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.keys import Keys
from alpines_privacy.redaction.engine.replacements import Replacements
from alpines_privacy.redaction.engine.spans import Span

REDACTOR = Redactor()
KEYS = Keys(Logs(), Replacements(Logs()).marks)

# A text in which each value that has to be found stands between guillemets, and their kinds.
FOUND: dict[str, tuple[str, str]] = {
    "bare": ("password=«hunter2»", "PASSWORD"),
    "with a comma inside": ("password=«hun,ter2» next=1", "PASSWORD"),
    "with brackets": ("pass=«(abc» next=1", "PASSWORD"),
    "with an ampersand": ("password=«p&ss» next=1", "PASSWORD"),
    "logfmt": ("level=info token=«abc.def» user=«ayesha» n=1", "SECRET USERNAME"),
    "logfmt, quoted": ('level=info full_name="«Ayesha Khan»" n=1', "NAME"),
    "query": ("GET /?first_name=«Ayesha»&last_name=«Khan»&page=2 HTTP/1.1", "NAME NAME"),
    "query, encoded": ("GET /?email=«a%40b.example»&x=1", "EMAIL"),
    "form": ("user%5Bx%5D=1&user[password]=«hunter2»&b=2", "PASSWORD"),
    "JSON": ('{"password": "«hun\\"ter2»", "a": 1}', "PASSWORD"),
    "JSON, tight": ('{"access_token":"«abc»","a":1}', "SECRET"),
    "JSON number": ('{"pin": «1234», "cvv": «123», "a": 1}', "PASSWORD CVV"),
    "JSON list": ('{"phone": ["«0300 1234567»", "«0301 7654321»"], "a": ["b"]}', "PHONE PHONE"),
    "JSON in JSON": (r'{"body": "{\"password\": \"«x y»\", \"a\": 1}"}', "PASSWORD"),
    "JSON cut off": ('{"password": "«hunter2 and more»', "PASSWORD"),
    "dict": ("{'password': '«x»', 'a': 'b'}", "PASSWORD"),
    "dict of bytes": ("{b'password': b'«x»'}", "PASSWORD"),
    "QueryDict": ("<QueryDict: {'password': ['«x»'], 'next': ['/']}>", "PASSWORD"),
    "dataclass": ("Login(login='«ayesha»', password='«x»', tries=2)", "USERNAME PASSWORD"),
    "list of pairs": ("[(b'cookie', b'«a=b; c=d»'), (b'host', b'x')]", "SECRET"),
    "header": ("Authorization: Bearer «abc.def.ghi»", "SECRET"),
    "header, basic": ("authorization: Basic «YTpi», host: x", "SECRET"),
    "header, of another scheme": ('Authorization: «Digest username="a", realm="b»"', "SECRET"),
    "header, without a scheme": ("Authorization: «a b c»", "SECRET"),
    "header in an argument": ("curl -H 'Authorization: Bearer «abc»' -d x", "SECRET"),
    "cookies": ("Cookie: «a=b; c=d» and more", "SECRET"),
    "set-cookie": ("Set-Cookie: «sid=abc»; Path=/; HttpOnly", "SECRET"),
    "api key": ("X-Api-Key: «abcdef123»", "SECRET"),
    "environment": ("export DB_PASSWORD=«s3cr3t»", "PASSWORD"),
    "ini": ("password = «s3cr3t»", "PASSWORD"),
    "prose": ("Enter DB password: «foo»", "PASSWORD"),
    "a key of two words": ("Full Name: «ayesha khan», city: Lahore", "NAME"),
    "a name that goes on": ("first_name=«Ayesha Khan» status=ok", "NAME"),
    "an address": ("address=«House 12, Street 5, Lahore» status=1", "ADDRESS"),
    "a birthday": ("dob=«1990-01-02» date_of_birth=«datetime.date(1990, 1, 2)»", "BIRTH_DATE BIRTH_DATE"),
    "a number with blanks": ("phone=«+92 300 1234567» next=2", "PHONE"),
    "coordinates": ("lat=«31.5204» lon=«74.3587» coords: «(31.52, 74.35)»", "COORDINATES COORDINATES COORDINATES"),
    "an agent": ("user_agent=«Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/1.0» status=200", "USER_AGENT"),
    "elements": ("<user><password>«x»</password><Email>«a@b»</Email></user>", "PASSWORD EMAIL"),
    "an option": ("run --password «hunter2» --api-key «abc»", "PASSWORD SECRET"),
    "arrow": ("'password' => '«x»'", "PASSWORD"),
    "numbered": ("password1=«a» password2=«b» address2=«Mall Road 5»", "PASSWORD PASSWORD ADDRESS"),
    "kebab": ("X-Auth-Token: «abcdef12»", "SECRET"),
    "camel": ("userPassword=«x» sessionId=«abcdef» APIKey=«y»", "PASSWORD SECRET SECRET"),
    "a common password": ("password=«password123» pwd=«top-secret» token=«my-token»", "PASSWORD PASSWORD SECRET"),
    "a person's name": ('{"user": {"id": 5, "name": "«Ayesha Khan»"}, "app": {"name": "shop"}}', "NAME"),
    "names of people": (
        '{"patients": [{"name": "«Ann»"}, {"tags": ["name"], "name": "«Bob \\"B\\"»"}], "name": "x"}',
        "NAME NAME",
    ),
    "a name in a dict": ("{'customer': {'role': {'name': 'x'}, 'name': '«Ann»'}, 'name': 'x'}", "NAME"),
    "a name cut off": ('{"User":{"Name":"«Ayesha Kh»', "NAME"),
    "birthdays that Python prints": (
        "User(dob=«datetime.date(1990, 1, 2)», n=1) {'dob': «datetime.datetime(1990, 1, 2, 0, 0)», 'n': 1}",
        "BIRTH_DATE BIRTH_DATE",
    ),
    "a birthday of another library": (
        "U(dob=«FakeDate(1990, 1, 2)», dob=DateTime(«1990, 1, 2, 0, 0, 0», tzinfo=Timezone('UTC')))",
        "BIRTH_DATE BIRTH_DATE",
    ),
    "a birthday of JavaScript": ("birthday: «new Date(1990, 1, 2)»", "BIRTH_DATE"),
    "a birthday as a list": ('{"dob":[«1990»,«1»,«2»],"n":1}', "BIRTH_DATE BIRTH_DATE BIRTH_DATE"),
    "parts of a birthday": ("dob_day=«3»&dob_month=«2»&dob_year=«1990»&n=3", "BIRTH_DATE BIRTH_DATE BIRTH_DATE"),
    "an object made of a text": (
        "U(session_id=UUID('«12345678-1234-5678-1234-567812345678»'), lat=Decimal('«31.5204»'), n=1)",
        "SECRET COORDINATES",
    ),
    "objects made of texts in a dict": (
        "{'password': np.str_('«hunter2»'), 'token': Markup('«ab12cd34»'), 'pw': bytearray(b'«hunter2»'), 'n': 1}",
        "PASSWORD SECRET PASSWORD",
    ),
    "a value that another member names": (
        '[{"name": "password", "value": "«hunter2»"}, {"key":"A_PIN","value":"«4829»"}, {"name":"n","value":"x1"}]',
        "PASSWORD PASSWORD",
    ),
    "a value that an attribute names": (
        '<input type="hidden" name="csrf_token" value="«ab12cd34»"> <input name="pin" type="text" value="«4829»">',
        "SECRET PASSWORD",
    ),
    "a value that a line names": ("- name: DB_PASSWORD\n  value: «hunter2»\n- name: x\n  value: y1", "PASSWORD"),
    "an input of pydantic": (
        "user.password\n  No integer [type=int_parsing, input_value='«hunter2»', input_type=str]\n"  # noqa: ISC004 - one
        "title\n  No integer [type=int_parsing, input_value='hunter2', input_type=str]",
        "PASSWORD",
    ),
    "elements with attributes": (
        '<w:Password Type="x#y">«hunter2»</w:Password><token a=\'b\'>«ab12cd34»</token><title a="b">x1</title>',
        "PASSWORD SECRET",
    ),
    "elements with a section": (
        "<password><![CDATA[«hunter2»]]></password><pin a='b'><![CDATA[«4829»]]></pin>",
        "PASSWORD PASSWORD",
    ),
    "lists of a form": (
        "passwords[]=«hunter2»&user[password][]=«hunter2»&pin[0]=«4829»&password[]=«sunshine»&n[]=1",
        "PASSWORD PASSWORD PASSWORD PASSWORD",
    ),
    "an option in quotes": ("run --password '«hunter 2»' --token \"«ab12 cd34»\" --title 'a b'", "PASSWORD SECRET"),
    "an option in a string": ('{"run": "a --password \'«x y»\' b"}', "PASSWORD"),
    "doubled quotes of CSV": ('1,"{""password"": ""«hunter2»"", ""n"": ""x""}"', "PASSWORD"),
    "triple quotes": ('password="""«hunter2»""" pin=\'\'\'«4829»\'\'\'', "PASSWORD PASSWORD"),
    "JSON on several lines": ('{"password":\n  "«hunter2»",\r\n"pin":\r\n\t"«4829»"}', "PASSWORD PASSWORD"),
    "a sentence that demands nothing": ('{"password": "«My dog is brown.»"}', "PASSWORD"),
    "one word": ("myapikey=«x» usertoken=«y» lastname=«Khan»", "SECRET SECRET NAME"),
}  # fmt: skip


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Take the guillemets out of a text and give the bounds they stood for."""
    bounds, plain = [], ""
    for index, piece in enumerate(text.replace("»", "«").split("«")):
        if index % 2:
            bounds.append((len(plain), len(plain) + len(piece)))
        plain += piece
    return plain, bounds


def spans_of(text: str, keys: Keys = KEYS) -> list[Span]:
    return [Span(*found) for found in keys.found(text)]


@pytest.mark.parametrize(("text", "kinds"), FOUND.values(), ids=FOUND)
def test_a_value_is_found_from_its_beginning_to_its_end(text: str, kinds: str) -> None:
    plain, bounds = marked(text)
    spans = sorted(spans_of(plain))
    assert [(span.start, span.end) for span in spans] == bounds
    assert [span.kind for span in spans] == kinds.split()


NESTED = (
    "<password a='b'>pin=48291 x</password>",
    "<password a='b'>token=A.B('ab12cd34')</password>",
    "<password a='b'>[\"dob\":[1990,1,2]</password>",
    '<password a="b">to a@b.co of 203.0.113.9</password>',
    "--password 'a b'c@d.co=1 --pin 'x1'",
    "--password 'a b'\u200b''c@d.co<password a='b'>dob=date(1990, 1, 2)&quot;</password>:",
)


@pytest.mark.parametrize("text", [*(marked(text)[0] for text, _ in FOUND.values()), *NESTED])
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = REDACTOR.redact(text)
    assert REDACTOR.redact(once) == once != text


LEFT = (
    "token_count=5 password_changed=2026-01-01 password_length=12 last_login=2026-01-01",
    "author=me monkey=1 keyboard=x donkey: 2 bypass=1 compass=north turkey=1 hotel=x",
    "password=None password='' password=*** password=null token=true token=[FILTERED] pin=<hidden>",
    '{"password": null, "token": false, "secret": "", "email": []}',
    "Password: must be longer. Token: expired. Session: closed",
    "SyntaxError: Unexpected token: punc",
    "    user = authenticate(username=username, password=password)",
    "    token = self.get_token()",
    "def login(user: User, password: str) -> Token:",
    "    password = request.form['password']",
    "SELECT * FROM users WHERE email = %s AND token = ? AND password = $1",
    "('username', 'password'), ['email', 'phone']",
    "std::token::Type and http://user/ and PWD=/srv/app",
    "address=127.0.0.1:8000 address: 0x7ffd12 listen_address=0.0.0.0",
    "user=<User 5> session=<sqlalchemy.orm.session.Session object at 0x7f>",
    "session_id=5 user=1000 pass=3 fail=2 phone=yes mobile=?1 card=3",
    "logger name=app.views filename=x.py hostname=web-1 event_name=login",
    "password=[PASSWORD] next=1 token: [SECRET]",
    "email=${EMAIL} password={password} token=%(token)s",
    "gpio_pin=17 mac=cocoa lat=ency long=1",
    "USERNAME_FIELD = 'username' PASSWORD='password' token: \"TOKEN\"",
    'EMAIL_FIELD = "email", USERNAME_FIELD = "email"',
    '{"login": "user_name", "password": "passwd", "token": "csrf-token"}',
    '{"user": {"id": 5, "role": {"name": "admin"}}, "name": "shop", "author": {"name": null}}',
    '{"password": ["This password is too common."], "email": "Enter a valid email address.", "pin": "Field required"}',
    '{"new_password": "This password is too short. It must contain at least 8 characters."}',
    "{'username': ['A user with that username already exists.'], 'dob': ['This field may not be blank.']}",
    "{'password': [ErrorDetail(string='This password is too common.', code='password_too_common')]}",
    "dob = models.DateField(null=True), dob=date(year, month, day), birthday = date.today()",
    'token = Variable("API_TOKEN_2"), password = PasswordField("Password"), password=make_password("x1")',
    '{"key": "password", "value": "Mot de passe"} <input name="login" type="submit" value="Anmelden">',
    'hostname=token value=ab12cd34 name=token other=1 value=ab12cd34 {"name": "token"} value=ab12',
    '<label for="password">Password</label> <password a="b">{password}</password> <user a="b"></user>',
    "tokens[0]=next token[0] = x1 token[1] == x1 cookie[2]: x1 password[0]=value",
    'run --password "$PASS" --password "" --title "--password" x "',
    'password="" next="x1" password=\'\' user=""',
    '{"user": "[USERNAME]", "logger": {"name": "shop"}, "users": [], "name": "x"}',
)  # fmt: skip


@pytest.mark.parametrize("text", LEFT)
def test_what_is_no_value_of_a_person_is_left(text: str) -> None:
    assert spans_of(text) == []


def test_what_names_no_password_may_be_one() -> None:
    assert KEYS.is_personal("PASSWORD", "password", "email")
    assert not KEYS.is_personal("PASSWORD", "password", "password")


NAMES: dict[str, str | None] = {
    "first_name": "NAME", "lastName": "NAME", "Full-Name": "NAME", "cardholder": "NAME",
    "name": None, "filename": None, "app_name": None, "hostname": None,
    "email": "EMAIL", "E-Mail": "EMAIL", "user.email": "EMAIL", "email_address": "EMAIL", "email_verified": None,
    "mailing_address": "ADDRESS", "zip": "ADDRESS", "unzip": None, "mac_address": "MAC", "ip_address": "IP",
    "REMOTE_ADDR": "IP", "HTTP_X_FORWARDED_FOR": "IP", "client-ip": "IP", "zip_path": None, "ship": None,
    "username": "USERNAME", "remote_user": "USERNAME", "user_id": None, "superuser": None,
    "password_confirmation": "PASSWORD", "is_password": None, "passwordHash": "PASSWORD", "passed": None,
    "csrfmiddlewaretoken": "SECRET", "reset_token": "SECRET", "token_type": None, "max_tokens": None,
    "HTTP_COOKIE": "SECRET", "AWS_SECRET_ACCESS_KEY": "SECRET", "PHPSESSID": "SECRET", "primary_key": None,
    "dob_year": "BIRTH_DATE", "date_of_birth_month": "BIRTH_DATE", "birthDay": "BIRTH_DATE", "yob": "BIRTH_DATE",
    "year": None, "day": None, "expiry_month": None,
    "cardNumber": "CARD", "card_no": "CARD", "cvv2": "CVV", "dob": "BIRTH_DATE", "birthDate": "BIRTH_DATE",
    "HTTP_USER_AGENT": "USER_AGENT", "user-agent": "USER_AGENT", "latitude": "COORDINATES", "latency": None,
    "cnic_no": "CNIC", "ntn": "NTN", "passport-number": "PASSPORT", "iban": "IBAN", "ssn": "SSN",
    "phone_number": "PHONE", "iphone": None, "microphone": None, "": None, "1": None, "_": None, "é": None,
}  # fmt: skip


@pytest.mark.parametrize(("key", "kind"), NAMES.items())
def test_the_end_of_a_key_decides(key: str, kind: str | None) -> None:
    assert KeyNames(Logs()).kind(key) == kind


def test_a_site_adds_keys_and_calls_others_safe() -> None:
    logs = Logs(
        keys=[LogKey("roll_no", kind="CNIC"), LogKey("shade", kind="NAME")],
        safe_keys=["page-token", "user"],
    )
    keys = Keys(logs, Replacements(logs).marks)
    text = "rollNo=35202-1234567-1 student_shade=Blue pageToken=abc user=x token=y"
    assert [text[s.start : s.end] for s in spans_of(text, keys)] == ["35202-1234567-1", "Blue", "y"]


def test_a_key_of_a_site_may_hold_digits() -> None:
    logs = Logs(keys=[LogKey("oauth2ref", kind="SECRET"), LogKey("x9", kind="NAME")])
    keys = Keys(logs, Replacements(logs).marks)
    text = "oauth2_ref=abc my_x9=Blue"
    assert [text[s.start : s.end] for s in spans_of(text, keys)] == ["abc", "Blue"]


def test_no_member_of_a_long_list_is_left() -> None:
    text = json.dumps({"first_name": ["Ayesha"] * 300, "n": ["Ayesha"]})
    assert len(spans_of(text)) == 300


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=4, max_size=20)


@given(words.filter(lambda word: KEYS.is_personal("PASSWORD", "password", word)))
def test_no_value_of_json_escapes_its_quotes(value: str) -> None:
    text = json.dumps({"a": 1, "password": value, "b": "c"})
    start = text.index('"password": "') + 13
    end = text.rindex('", "b"')
    assert [(span.start, span.end) for span in spans_of(text)] == [(start, end)]


@given(words.filter(lambda word: KEYS.is_personal("PASSWORD", "password", word)))
def test_no_value_of_json_in_json_escapes_its_quotes(value: str) -> None:
    text = json.dumps(json.dumps({"password": value, "b": "c"}))
    spans = spans_of(text)
    assert text[: spans[0].start].endswith(r"\"password\": \"")
    assert text[spans[0].end :].startswith(r"\", \"b\"")


@given(st.text("pas=:'\"\\,;&[](){}<> \n0wordtken-", max_size=200))
def test_spans_are_in_order_inside_the_text_and_disjoint(text: str) -> None:
    spans = [span for span in spans_of(text) if "--" not in text]
    places = [place for span in spans for place in (span.start, span.end)]
    assert places == sorted(places)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@pytest.mark.parametrize(
    "value",
    [
        "@dmin2024",
        "$ecret99",
        "@Passw0rd",
        "$2y10abcdef",
        ":hunter2",
        "$ecret",
        "@hunter",
        ":Hunter",
        "hunter2(",
        "hunter2[",
    ],
)
@pytest.mark.parametrize("written", ["password={}", "password: {}", '{{"password": "{}"}}'])
def test_a_password_that_begins_like_a_variable_is_one(value: str, written: str) -> None:
    assert value not in Redactor().redact(written.format(value))


@pytest.mark.parametrize(
    "place",
    [
        "$1",
        "@p1",
        ":v12",
        "$password",
        "@Password",
        ":pw",
        "$DB_PASS_1",
        "$bmc_passwd",
        "$newPassword",
        "$true",
        ":secret",
        "@VALUE",
        "<password1>",
        "{abc}",
    ],
)
def test_a_variables_place_is_no_password(place: str) -> None:
    assert place in Redactor().redact(f"password={place}")
