// Loaded before the tests of asan.ts: gives them the addons of build-asan in place of the usual ones.
const Module = require("node:module");
const { sep } = require("node:path");

const usual = `${sep}build${sep}Release${sep}caffe_`;
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => {
  const watched = request.replace(usual, `${sep}build-asan${usual}`);
  return resolve(watched, ...rest);
};
