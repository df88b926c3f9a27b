// The editor's side: it starts `virta lsp` and hands over what the editor and the server tell one another.

const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { commands, window, workspace } = require("vscode");
const { CloseAction, ErrorAction, LanguageClient, TransportKind } = require("vscode-languageclient/node");

const HOW = "Install it with: pip install 'virta[lsp]'";

const TELL = "Show the output";

// A server that does not start is told of once, by `start` below, with what to do; all else stands in the output.
class Client extends LanguageClient {
  started = false;

  error(message, data, show) {
    super.error(message, data, this.started ? show : false);
  }
}

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
  const fresh = new Client(
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
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (...fault) => (fresh.started ? usual.error(...fault) : { action: ErrorAction.Shutdown, handled: true }),
        closed: () => (fresh.started ? usual.closed() : { action: CloseAction.DoNotRestart, handled: true }),
      },
    },
  );
  const usual = fresh.createDefaultErrorHandler();
  client = fresh;
  try {
    await fresh.start();
    fresh.started = true;
  } catch {
    const said = `Virta's language server does not start (${command} lsp). ${HOW}.`;
    window.showErrorMessage(said, TELL).then((chosen) => chosen && fresh.outputChannel.show());
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
