// A certified OpenID provider on loopback for tests: anybody signs in by name; groups and keys change on demand.
//
//   node provider.mjs MODULE SETTINGS     MODULE: the path of oidc-provider; SETTINGS: JSON, see below
//
// Prints its issuer when it listens. POST /control/{groups,rotate,forget} are the test's own.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [module, told] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(module).href);
const settings = JSON.parse(told); // {client_id, client_secret, redirect_uris, post_logout_redirect_uris, groups: {name: [...]}}
let isForgetting = false;
const groups = new Map(Object.entries(settings.groups));

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomBytes(6).toString("hex"), use: "sig", alg: "RS256" };
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const cookieKeys = [randomBytes(16).toString("hex")];

// Sessions, codes and grants are kept beside the instance, so that one with other keys goes on where this one stops.
function make(keys) {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: settings.client_id,
        client_secret: settings.client_secret,
        redirect_uris: settings.redirect_uris,
        post_logout_redirect_uris: settings.post_logout_redirect_uris,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
      },
    ],
    jwks: { keys },
    cookies: { keys: cookieKeys },
    claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    rotateRefreshToken: true,
    // An account that is not found any more ends a refresh, as one that an administrator has ended.
    findAccount: (context, id) => context.oidc?.body?.grant_type === "refresh_token" && isForgetting ? undefined : ({
      accountId: id,
      claims: () => ({ sub: id, name: id, groups: groups.get(id) ?? [], email: `${id}@example.com`, email_verified: true }),
    }),
    async loadExistingGrant(context) {
      const { provider: at, session, client } = context.oidc;
      const known = session.grantIdFor(client.clientId);
      if (known) return at.Grant.find(known);
      const grant = new at.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email offline_access");
      await grant.save();
      return grant;
    },
  });
  return provider;
}

let keys = [newKey()];
let provider = make(keys);

async function read(request) {
  let body = "";
  for await (const part of request) body += part;
  return body;
}

function page(response, title, inside) {
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" });
  response.end(`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1><form method="post">${inside}</form>`);
}

async function handle(request, response) {
  const path = new URL(request.url, issuer).pathname;
  if (path.startsWith("/control/")) {
    const body = JSON.parse((await read(request)) || "{}");
    if (path === "/control/groups") groups.set(body.name, body.groups);
    if (path === "/control/rotate") {
      keys = body.keeps_old ? [newKey(), ...keys] : [newKey()];
      provider = make(keys);
    }
    if (path === "/control/forget") isForgetting = true;
    response.writeHead(204).end();
    return;
  }
  if (path.startsWith("/interaction/")) {
    const { prompt } = await provider.interactionDetails(request, response);
    if (request.method === "GET" && prompt.name === "login") {
      page(response, "Who are you?", '<label>Name <input name="name" autofocus></label><button>Sign in</button><button name="refuse" value="yes">Cancel</button>');
      return;
    }
    if (request.method === "GET") {
      page(response, "Let Octokube know who you are?", "<button>Continue</button>");
      return;
    }
    const form = new URLSearchParams(await read(request));
    if (form.get("refuse")) {
      await provider.interactionFinished(request, response, { error: "access_denied" });
      return;
    }
    const result = prompt.name === "login" ? { login: { accountId: form.get("name") } } : { consent: {} };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
    return;
  }
  provider.callback()(request, response);
}

console.log(`issuer ${issuer}`);
