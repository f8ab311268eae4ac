// Drives Vaurien with toxiproxy-node-client: node toxiproxy_client.js URL UPSTREAM
// Prints one line of JSON with what it saw.
"use strict";

const ask = require("./ask.js");
const { Toxiproxy } = require("toxiproxy-node-client");

async function refusal(promise) {
    try {
        await promise;
        return "none";
    } catch (error) {
        return error.message;
    }
}

async function main(url, upstream) {
    const toxiproxy = new Toxiproxy(url);
    const seen = {};
    seen.version = JSON.parse(await toxiproxy.getVersion()).version;
    const body = { name: "node", listen: "127.0.0.1:0", upstream };
    const proxy = await toxiproxy.createProxy(body);
    seen.created = proxy.toJson();
    seen.conflict = await refusal(toxiproxy.createProxy(body));
    seen.plain = await ask(proxy.listen);

    const toxic = await proxy.addToxic({ type: "latency", attributes: { latency: 1000, jitter: 0 } });
    seen.toxic = toxic.toJson();
    seen.slow = await ask(proxy.listen);
    seen.updated = (await toxic.update({ ...toxic.toJson(), attributes: { latency: 0 } })).toJson();
    // The machine may be busy for a moment.
    seen.fast = [];
    for (let tries = 0; tries < 5; tries++) {
        seen.fast.push((await ask(proxy.listen)).ms);
        if (seen.fast[tries] < 1000) break;
    }
    seen.found = (await proxy.getToxic("latency_downstream")).toJson();
    await toxic.remove();
    seen.removed = await refusal(proxy.getToxic("latency_downstream"));
    seen.invalid = await refusal(proxy.addToxic({ type: "nonsense", attributes: {} }));

    await proxy.addToxic({ type: "latency", stream: "upstream", toxicity: 0.5, attributes: {} });
    const down = await proxy.update({ enabled: false });
    seen.down = [down.enabled, await ask(proxy.listen)];
    await toxiproxy.reset();
    const back = await toxiproxy.get("node");
    seen.reset = [back.enabled, back.listen === proxy.listen, await ask(back.listen)];

    const populated = await toxiproxy.populate([
        { ...body, listen: proxy.listen },
        { ...body, name: "other" },
    ]);
    seen.populated = Object.keys(populated);
    seen.all = Object.keys(await toxiproxy.getAll()).sort();
    for (const each of Object.values(populated)) {
        await each.remove();
    }
    seen.left = Object.keys(await toxiproxy.getAll());
    seen.missing = await refusal(toxiproxy.get("node"));
    console.log(JSON.stringify(seen));
}

main(process.argv[2], process.argv[3]).catch((error) => {
    console.error(error);
    process.exit(1);
});
