// Sends a word through a proxy: the answer, and after how many milliseconds it came.
"use strict";

const net = require("node:net");

module.exports = function ask(listen) {
    return new Promise((resolve, reject) => {
        const [host, port] = listen.split(":");
        const began = process.hrtime.bigint();
        const socket = net.connect(Number(port), host, () => socket.write("hello"));
        socket.setTimeout(120000, () => socket.destroy(new Error("no answer")));
        socket.on("error", (error) => resolve({ error: error.code || error.message }));
        socket.on("data", (data) => {
            socket.destroy();
            resolve({ data: String(data), ms: Number(process.hrtime.bigint() - began) / 1e6 });
        });
        socket.on("end", () => reject(new Error("closed")));
    });
};
