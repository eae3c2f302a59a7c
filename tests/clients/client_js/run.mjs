// Tries `client.js`, as the example `named` serves it, in a place: `Node`, `Node and ws`, or `Chromium`. A second argument
// selects the cases whose name it is in.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { launch } from '../chromium.mjs';
import { cases } from './cases.mjs';

const { SERVER } = process.env;
const [place = 'Node', wanted = ''] = process.argv.slice(2);
/** One case must not take longer, in milliseconds. */
const LIMIT = 20_000;

/** The server's process, which keeps its port over restarts. */
class Server {
  port = 0;

  async start(...mode) {
    const environment = { WS_SERVER_LISTEN: `127.0.0.1:${this.port}`, WS_SERVER_MAX_STREAMS: '64', NO_COLOR: '1' };
    this.process = spawn(SERVER, mode, { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const line of createInterface(this.process.stderr)) {
      const found = line.match(/listening on \S+:(\d+)/);
      if (found) {
        this.port = Number(found[1]);
        this.process.stderr.resume();
        return;
      }
    }
    throw new Error(`${SERVER} did not start`);
  }

  async #end(signal) {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
  }

  stop = () => this.#end('SIGTERM');
  kill = () => this.#end('SIGKILL');
  resume = () => this.process.kill('SIGCONT');

  /** Waits until it has stopped: a signal takes a moment. */
  async pause() {
    this.process.kill('SIGSTOP');
    while (!/\) T /.test(await readFile(`/proc/${this.process.pid}/stat`, 'utf8')));
  }
}

const server = new Server();
process.on('exit', () => server.process.kill('SIGKILL'));
const page = () => `http://127.0.0.1:${server.port}`;

/** Runs a case in this process. */
async function inNode() {
  const source = await (await fetch(`${page()}/client.js`)).text();
  const module = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const WebSocket = place === 'Node' ? globalThis.WebSocket : (await import('ws')).WebSocket;
  return {
    async run(name) {
      const sockets = [];
      const open = (options, url = page()) => {
        const socket = module.connect(url, { WebSocket, ...options });
        sockets.push(socket);
        return socket;
      };
      try {
        await cases[name]({ ...module, open, server });
      } finally {
        for (const socket of sockets) socket.close();
      }
    },
    async end() {},
  };
}

/** Runs a case in a tab of its own. */
async function inBrowser() {
  const browser = await launch();
  const source = await readFile(new URL('cases.mjs', import.meta.url), 'utf8');
  return {
    async run(name) {
      const tab = await browser.newPage();
      tab.on('pageerror', (error) => console.error(error));
      await tab.route('**/cases.mjs', (route) => route.fulfill({ contentType: 'text/javascript', body: source }));
      await tab.exposeFunction('control', (what, ...how) => server[what](...how));
      await tab.goto(page());
      try {
        await tab.evaluate(async (name) => {
          const [module, { cases }] = await Promise.all([import('/client.js'), import('/cases.mjs')]);
          const actions = ['start', 'stop', 'kill', 'pause', 'resume'];
          const server = Object.fromEntries(actions.map((what) => [what, (...how) => globalThis.control(what, ...how)]));
          const open = (options, url = '/') => module.connect(url, options);
          await cases[name]({ ...module, open, server });
        }, name);
      } finally {
        await tab.close();
      }
    },
    end: () => browser.close(),
  };
}

await server.start();
const { run, end } = await (place === 'Chromium' ? inBrowser : inNode)();
for (const name of Object.keys(cases).filter((name) => name.includes(wanted))) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`takes more than ${LIMIT} ms`)), LIMIT);
  });
  try {
    await Promise.race([run(name), late]);
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(error);
    console.log(`not ok ${name}`);
    process.exitCode = 1;
    // It may have left the server stopped.
    await server.kill();
    await server.start();
  }
  clearTimeout(timer);
}
await end();
await server.stop();
