// Node's `ws`: the echo and the fan-out of its documentation. `node node.mjs echo|fanout BYTES`
import { WebSocketServer, WebSocket } from "ws";

const [role, maxPayload] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: Number(maxPayload), backlog: 4096 });

server.on("listening", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
        if (role === "echo") {
            socket.send(data, { binary: isBinary });
            return;
        }
        for (const client of server.clients) {
            if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
        }
    });
});

// It ends with the process that started it.
process.stdin.resume().on("end", () => process.exit());
