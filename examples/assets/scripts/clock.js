const seconds = document.getElementById('seconds');
const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`);
socket.onmessage = ({ data }) => { seconds.textContent = data; };
socket.onclose = () => { seconds.textContent = 'some'; };
