// Judge of BigQuery SQL: ZetaSQL's analyzer, over the tables of tables.json: as they are before a run, and with the columns that its
// ALTER TABLE adds. A statement must be right over one of the two.
// Reads {"statements": ["…", …]} from stdin and writes [null | "why not", …]. Arguments: the folder with node_modules, tables.json.
const { spawn } = require('child_process');
const net = require('net');
const path = require('path');
const fs = require('fs');

const [modules, tables] = process.argv.slice(2);
const root = path.join(modules, 'node_modules', '@fivetrandevelopers', 'zetasql', 'lib');
const grpc = require(path.join(modules, 'node_modules', '@grpc', 'grpc-js'));
const loader = require(path.join(modules, 'node_modules', '@grpc', 'proto-loader'));

const kinds = {
  INT64: 'TYPE_INT64', STRING: 'TYPE_STRING', DATE: 'TYPE_DATE', TIMESTAMP: 'TYPE_TIMESTAMP', BOOL: 'TYPE_BOOL',
  NUMERIC: 'TYPE_NUMERIC', FLOAT64: 'TYPE_DOUBLE', DATETIME: 'TYPE_DATETIME',
};

function type(name) {
  if (!kinds[name]) throw new Error(`type ${name} is not listed`);
  return { typeKind: kinds[name] };
}

/** Tables by their path, as catalogues in catalogues. */
function catalogue(declared, languageOptions) {
  const make = (name) => ({ name, table: [], catalog: [] });
  const top = { ...make('root'), builtinFunctionOptions: { languageOptions } };
  for (const [full, columns] of Object.entries(declared)) {
    const parts = full.split('/');
    let at = top;
    for (const part of parts.slice(0, -1)) {
      let next = at.catalog.find((c) => c.name === part);
      if (!next) at.catalog.push((next = make(part)));
      at = next;
    }
    const column = Object.entries(columns).map(([name, t]) => ({ name, type: type(t), isWritableColumn: true }));
    at.table.push({ name: parts[parts.length - 1], column });
  }
  return top;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function main() {
  const { statements } = JSON.parse(fs.readFileSync(0, 'utf8'));
  const port = await freePort();
  const program = process.arch.startsWith('arm') ? 'remote_server_arm.so' : 'remote_server.so';
  const server = spawn(path.join(root, 'zetasql', program), ['localhost', String(port)], { stdio: 'ignore' });
  try {
    const definition = loader.loadSync('local_service.proto', {
      defaults: true, oneofs: true, enums: String, includeDirs: [path.join(root, 'zetasql', 'protos')],
    });
    const { ZetaSqlLocalService } = grpc.loadPackageDefinition(definition).zetasql.local_service;
    const limit = 64 << 20;
    const client = new ZetaSqlLocalService(`localhost:${port}`, grpc.credentials.createInsecure(), {
      'grpc.max_send_message_length': limit, 'grpc.max_receive_message_length': limit,
    });
    await new Promise((resolve, reject) => client.waitForReady(Date.now() + 60000, (e) => (e ? reject(e) : resolve())));
    const call = (name, request) => new Promise((resolve, reject) =>
      client[name](request, { deadline: Date.now() + 60000 }, (e, answer) => (e ? reject(e) : resolve(answer))));
    const language = await call('GetLanguageOptions', { maximumFeatures: true });
    language.productMode = 'PRODUCT_EXTERNAL';
    // No kind listed means queries alone; this one is the list of all.
    language.supportedStatementKinds = [];
    const kindsOf = definition['zetasql.ResolvedNodeKind'].type.value.map((v) => v.name);
    language.supportedStatementKinds = kindsOf.filter((k) => k.endsWith('_STMT'));
    const [before, added] = JSON.parse(fs.readFileSync(tables, 'utf8'));
    const after = Object.fromEntries(Object.entries(before).map(([t, columns]) => [t, { ...columns, ...added[t] }]));
    const catalogues = [before, after].map((declared) => catalogue(declared, language));
    const analyse = async (sqlStatement, simpleCatalog) => {
      const options = { languageOptions: language, errorMessageMode: 'ERROR_MESSAGE_ONE_LINE' };
      try {
        await call('Analyze', { options, simpleCatalog, sqlStatement });
        return null;
      } catch (e) {
        // 3 is INVALID_ARGUMENT, 12 UNIMPLEMENTED; anything else is not a verdict.
        if (e.code === 3 || e.code === 12) return e.details || String(e);
        throw e;
      }
    };
    const answers = [];
    for (const sql of statements) {
      const first = await analyse(sql, catalogues[0]);
      answers.push(first === null ? null : await analyse(sql, catalogues[1]));
    }
    process.stdout.write(JSON.stringify(answers));
  } finally {
    server.kill('SIGKILL');
  }
}

main().then(() => process.exit(0), (e) => {
  console.error(e);
  process.exit(1);
});
