// Drives Vaurien with the Toxiproxy module of Testcontainers, without a container engine:
// node testcontainers_client.js URL UPSTREAM
// Prints one line of JSON with what it saw.
"use strict";

const Module = require("node:module");
const net = require("node:net");
const ask = require("./ask.js");

// The module loads what asks an engine, which needs a newer Node than some machines have.
const load = Module._load;
Module._load = (name, ...rest) => (name === "undici" ? {} : load(name, ...rest));
const { StartedToxiProxyContainer } = require("@testcontainers/toxiproxy");

// The ports that the module gives to proxies.
const PORTS = Array.from({ length: 32 }, (_, number) => 8666 + number);

// Whether another program listens on a port.
function taken(port) {
    return new Promise((resolve) => {
        const server = net.createServer().on("error", () => resolve(true));
        server.listen(port, "0.0.0.0", () => server.close(() => resolve(false)));
    });
}

async function main(url, upstream) {
    const { hostname, port } = new URL(url);
    const container = new StartedToxiProxyContainer({
        getHost: () => hostname,
        getMappedPort: (inner) => (inner === 8474 ? Number(port) : inner),
    });
    // The module passes over the ports of proxies that there are.
    for (const each of PORTS) {
        if (!(await taken(each))) continue;
        await container.client.createProxy({
            name: `taken-${each}`,
            listen: `0.0.0.0:${each}`,
            upstream,
            enabled: false,
        });
    }
    const seen = {};
    const cache = await container.createProxy({ name: "cache", upstream, enabled: true });
    const other = await container.createProxy({ name: "other", upstream, enabled: true });
    const place = `${cache.host}:${cache.port}`;
    seen.ports = [cache.port, other.port];
    seen.names = Object.keys(await container.client.getAll()).filter((name) => !name.includes("-"));
    seen.plain = await ask(place);
    await cache.instance.addToxic({
        name: "slow",
        type: "latency",
        stream: "downstream",
        toxicity: 1,
        attributes: { latency: 300, jitter: 0 },
    });
    seen.slow = await ask(place);
    await cache.setEnabled(false);
    seen.disabled = await ask(place);
    await cache.setEnabled(true);
    seen.enabled = await ask(place);
    console.log(JSON.stringify(seen));
}

main(process.argv[2], process.argv[3]).catch((error) => {
    console.error(error);
    process.exit(1);
});
