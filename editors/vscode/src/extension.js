// The editor's side: it starts `virta lsp` and hands over what the editor and the server tell one another.

const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { commands, window, workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

const HOW = "Install it with: pip install 'virta[lsp]'";

let client;

exports.activate = async function (context) {
  context.subscriptions.push(
    commands.registerCommand("virta.restart", start),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("virta")) start();
    }),
    workspace.onDidGrantWorkspaceTrust(start),
  );
  await start();
};

exports.deactivate = stop;

async function start() {
  await stop();
  const command = program();
  const fresh = new LanguageClient(
    "virta",
    "Virta",
    { command, args: ["lsp"], transport: TransportKind.stdio, options: { cwd: folder() } },
    {
      documentSelector: [
        { scheme: "file", language: "virta" },
        { scheme: "file", pattern: "**/templates/**/*.{html,mjml,txt}" },
        { scheme: "file", pattern: "**/virta.toml" },
      ],
      synchronize: {
        fileEvents: workspace.createFileSystemWatcher("**/*.{flow,html,mjml,txt,toml,csv}"),
      },
    },
  );
  client = fresh;
  try {
    await fresh.start();
  } catch (fault) {
    window.showErrorMessage(`Virta's language server does not start (${command} lsp). ${HOW}. ${fault.message}`);
  }
}

async function stop() {
  const former = client;
  client = undefined;
  if (former?.needsStop()) await former.stop();
}

function folder() {
  return workspace.workspaceFolders?.[0]?.uri.fsPath;
}

// The program of the settings, else that of the folder's own environment, else the one on the path. What a
// folder brings with it is run only if the folder is trusted.
function program() {
  const wished = workspace.getConfiguration("virta").get("command");
  if (wished) return wished;
  const places = [
    ["bin", "virta"],
    ["Scripts", "virta.exe"],
  ];
  const found = places
    .map((place) => join(folder() ?? "", ".venv", ...place))
    .find((path) => workspace.isTrusted && folder() && existsSync(path));
  return found ?? "virta";
}
