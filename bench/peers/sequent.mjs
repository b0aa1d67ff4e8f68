// Sequent as a peer of the comparison harness: copy this file into the harness's adapters/ and run
// it with SEQUENT_BIN naming the executable. Everything goes over HTTP; the steps run in the server.
// One process, on one SQLite file with synchronous=FULL or, with SEQUENT_STORE=postgresql, on the harness's
// PostgreSQL.
import fs from 'node:fs';
import { PEERS_DIR, MOCK_PORT, PGURL, pg, start, end, get, waitFor, httpLoad, duBytes } from '../lib/util.mjs';

const PORT = 15233;
const data = `${PEERS_DIR}/data/sequent`;
const bin = process.env.SEQUENT_BIN;
const onPostgres = process.env.SEQUENT_STORE === 'postgresql';
const store = onPostgres ? ['--store', PGURL('sequent')] : ['--data', data];

const payload = 'x'.repeat(160);
const echo = s => `  - s${s}: {call: debug.echo, with: {ok: true, id: '\${ .i // .id }', step: ${s}, data: ${payload}}}\n`;
const post = s => `  - s${s}: {call: http, with: {method: post, endpoint: '\${ "http://127.0.0.1:${MOCK_PORT}/call?k=\\(.i):${s}&d=50" }', body: {}}, output: {as: '\${ $input }'}}\n`;
const workflow = (name, steps) => `document: {dsl: 1.0.3, namespace: peers, name: ${name}, version: 1.0.0}\ndo:\n${steps}`;
const workflows = {
  w1: [1, 2, 3, 4, 5].map(echo).join(''),
  w4: [1, 2, 3].map(post).join(''),
  w5: `${post(1)}  - sleep: {wait: {seconds: 2}}\n${post(2)}${post(3)}`,
  w6: `${echo(1)}  - sleep: {wait: {hours: 1}}\n`,
};

export default () => {
  let server, postmaster;
  const json = (path, body) => get(PORT, path, { method: 'POST', body: JSON.stringify(body) });
  const count = async (workflow, status) => {
    const filter = { workflow: `peers/${workflow}`, status: [status] };
    const groups = await json('/api/v1/runs:aggregate', { filter, by: ['status'], exact: true });
    return groups.items[0]?.count ?? 0;
  };
  const up = async () => {
    server = start(bin, ['serve', ...store, '--listen', `127.0.0.1:${PORT}`], { log: `${PEERS_DIR}/logs/sequent.log`, cwd: PEERS_DIR });
    await waitFor(() => get(PORT, '/readyz').then(() => true), { every: 20, what: 'sequent to be ready' });
  };
  return {
    name: 'sequent',
    settings: { store: onPostgres ? 'PostgreSQL' : 'SQLite WAL synchronous=FULL', processes: 1, steps: 'in the server' },
    defaults: { W1: { n: 40000, c: 512 }, W4: { n: 15000, c: 256 } },
    version: () => 'this build',
    async start({ fresh = true } = {}) {
      if (!bin) throw new Error('SEQUENT_BIN must name the executable');
      if (onPostgres) postmaster = await pg.up();
      if (fresh && onPostgres) pg.fresh('sequent');
      if (fresh) fs.rmSync(data, { recursive: true, force: true });
      await up();
      for (const [name, steps] of Object.entries(workflows))
        await get(PORT, '/api/v1/workflows', { method: 'POST', body: workflow(name, steps), headers: { 'content-type': 'application/yaml' } });
    },
    load: ({ wf, n, c, base = 0, maxsec = 60 }) =>
      httpLoad(PORT, { n, c, base, maxsec, path: `/api/v1/workflows/peers/${wf}/runs`, body: '{"i":%d}', headers: ['Prefer: wait=60'] }),
    submit: ({ wf, n, c, base = 0, maxsec = 60 }) =>
      httpLoad(PORT, { n, c, base, maxsec, path: `/api/v1/workflows/peers/${wf}/runs`, body: '{"i":%d}' }),
    done: () => count('w5', 'completed'),
    parked: () => count('w6', 'waiting'),
    async kill() {
      server?.kill('SIGKILL');
      await server?.exited;
    },
    restart: up,
    stop: () => end(server, 'SIGKILL'),
    pids: () => ({ server: [server.pid], worker: [], pg: onPostgres ? [postmaster] : [] }),
    bytes: () => onPostgres ? pg.size('sequent') : duBytes(data),
  };
};
