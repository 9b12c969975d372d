/* What a frame's origin has stored by now: names, and a digest of each value that only tells whether two are the same. */
async () => {
  const MOST = 200, RECORDS = 20;
  const found = [];
  const digest = (value) => {
    let hash = 0x811c9dc5;
    for (const character of String(value).slice(0, 4096)) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193) >>> 0;
    return hash;
  };
  const add = (where, name, value) => {
    if (found.length < MOST) found.push([where, String(name).slice(0, 100), digest(value)]);
  };
  const asked = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = request.onblocked = () => failed(request.error);
  });
  const kept = async (where, list) => { try { await list() } catch { /* an origin that may store nothing */ } };

  for (const where of ["localStorage", "sessionStorage"]) await kept(where, () => {
    const storage = globalThis[where];
    for (let i = 0; i < storage.length && i < MOST; i++) add(where, storage.key(i), storage.getItem(storage.key(i)));
  });
  await kept("IndexedDB", async () => {
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const records = await asked(database.transaction(store).objectStore(store).getAll(null, RECORDS));
        if (records.length) add("IndexedDB", name + "/" + store, JSON.stringify(records));
      }
      database.close();
    }
  });
  await kept("Cache", async () => { for (const name of await caches.keys()) add("Cache", name, "") });
  await kept("service worker", async () => {
    for (const each of await navigator.serviceWorker.getRegistrations()) add("service worker", new URL(each.scope).pathname, "");
  });
  return found;
}
