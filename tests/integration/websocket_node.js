// The client of the package ws: says a text, and prints what it met as JSON.
const { WebSocket } = require('ws');
const [url, size] = [process.argv[2], Number(process.argv[3])];
const client = new WebSocket(url, { perMessageDeflate: size > 0 });
const met = { heard: [], error: '', code: 0, reason: '' };
client.on('open', () => client.send(size ? Buffer.alloc(size, 7) : 'a tick'));
client.on('message', (data) => { met.heard.push(data.length); client.close(1000, 'bye'); });
client.on('error', (error) => { met.error = error.code || error.message; });
client.on('close', (code, reason) => {
  Object.assign(met, { code, reason: String(reason) });
  console.log(JSON.stringify(met));
});
