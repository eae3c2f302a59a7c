import { connect } from "/client.js";

const button = document.querySelector("button");
const socket = connect("/counter");
socket.on("counted", (count) => (button.textContent = count));
button.onclick = () => socket.notify("add", 1);
