const state = document.getElementById("state");
const address = new URL("/live/beds", location.href);
address.protocol = address.protocol.replace("http", "ws");

const beds = new WebSocket(address);
beds.onopen = () => { state.value = "live"; };
beds.onclose = () => { state.value = "closed; reload the page to go on"; };
beds.onmessage = (event) => {
  const hut = JSON.parse(event.data);
  document.getElementById(`hut-${hut.slug}`).textContent = hut.free;
};

new EventSource("/api/weather").onmessage = (event) => {
  document.getElementById("celsius").textContent = JSON.parse(event.data).celsius.toFixed(1);
};
