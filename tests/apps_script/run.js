// Runs scripts one after the other in one world, as a person pastes and runs them; prints that world as JSON.
// node run.js '{"workspace": true, "cut": 9}' first.gs second.gs    cut: Google stops the run at the ninth time it saves
'use strict';

const fs = require('fs');
const vm = require('vm');
const { services } = require('./stand_in.js');

const world = { last: 1000, forms: {}, books: {}, properties: {}, log: [], ...JSON.parse(process.argv[2]) };
const told = [];
for (const file of process.argv.slice(3)) {
  const context = vm.createContext(services(world));
  vm.runInContext(fs.readFileSync(file, 'utf8'), context, { filename: file });
  try {
    told.push(vm.runInContext('taoBieuMau()', context));
  } catch (error) {
    told.push(error.message);
  }
}
process.stdout.write(JSON.stringify({ ...world, told }));
