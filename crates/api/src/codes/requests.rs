//! Codes of requests, routes, tokens, identity, idempotency, services and the platform itself.

use super::{At, Entry, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "request.invalid",
        &[At::Problem(400)],
        "Several things are wrong with the request.",
        "Correct each of the `errors`; every one has its own code, place and remedy.",
    ),
    entry(
        "request.invalid_json",
        &[At::Invalid(400)],
        "The body is no JSON, or has not the shape that the operation takes; line and column say where.",
        "Compare the body with the operation's schema in `/openapi.json`. Unknown fields are refused.",
    ),
    entry(
        "request.not_utf8",
        &[At::Invalid(400)],
        "The body is text in another encoding than UTF-8.",
        "Save the file as UTF-8.",
    ),
    entry(
        "request.unreadable_body",
        &[At::Problem(400)],
        "The body could not be received to its end.",
        "Send the request again.",
    ),
    entry(
        "request.too_large",
        &[At::Problem(413)],
        "The body is larger than 1 MiB, or the change does not fit into one transaction or item of the store.",
        "Send less at once: a smaller manifest, fewer members.",
    ),
    entry(
        "request.unsupported_type",
        &[At::Problem(415)],
        "The body is declared as something else than the operation takes.",
        "Name the body's type in `Content-Type`: `application/json`, or `application/yaml` for manifests.",
    ),
    entry(
        "request.invalid_path",
        &[At::Invalid(400)],
        "A part of the path is no UTF-8 after its percent-encoding is undone.",
        "Write names as they are: they hold lower-case letters, digits and hyphens only.",
    ),
    entry(
        "request.invalid_query",
        &[At::Invalid(400)],
        "A query parameter is unknown, stands twice, or has a value of another type.",
        "Compare with the operation's parameters in `/openapi.json`.",
    ),
    entry(
        "request.invalid_limit",
        &[At::Invalid(400)],
        "`limit` is not 1 to 100.",
        "Ask for 1 to 100 items and follow the `cursor`.",
    ),
    entry(
        "request.invalid_cursor",
        &[At::Invalid(400)],
        "`cursor` is not one that this list gave out.",
        "Take the `cursor` of the page before as it is, or begin without one.",
    ),
    entry(
        "request.invalid_domain",
        &[At::Invalid(400)],
        "What stands for a domain, in `Mesh-Domain` or in the query, is no domain's name.",
        "Write the domain's name: 1 to 20 lower-case letters, digits and single hyphens.",
    ),
    entry(
        "request.invalid_product",
        &[At::Invalid(400)],
        "What stands for a product in the query is no product's id.",
        "Write `domain.product`, such as `operations.flights`.",
    ),
    entry(
        "request.invalid_purpose",
        &[At::Invalid(400)],
        "The purpose is empty or longer than 60 characters.",
        "Name the purpose in 1 to 60 characters, or leave it out.",
    ),
    entry(
        "request.invalid_prefer",
        &[At::Invalid(400)],
        "`Prefer: wait=` is followed by something that is no number of seconds.",
        "Write `Prefer: wait=10`; 20 seconds are waited at most.",
    ),
    entry("route.not_found", &[At::Problem(404)], "The API has no such path.", "See `/openapi.json` for the paths."),
    entry(
        "route.method_not_allowed",
        &[At::Problem(405)],
        "The path has no such method.",
        "See `/openapi.json` for the methods of the path.",
    ),
    entry(
        "token.refused",
        &[At::Problem(401)],
        "The request carries no bearer token, or one that is malformed, expired, not valid yet, of an issuer that is not trusted, not for this API, or not an access token; the detail says which.",
        "Get an access token with the API's scope from a trusted issuer and send it as `Authorization: Bearer TOKEN`.",
    ),
    entry(
        "token.keys_unavailable",
        &[At::Problem(503)],
        "The issuer's keys cannot be had, so that no token of it can be verified.",
        "Try again in a moment; if it stays, tell the platform team.",
    ),
    entry(
        "identity.no_membership",
        &[At::Problem(403)],
        "The token is good, but its principal is no member of any domain.",
        "Ask an owner of your domain to add the principal as a member.",
    ),
    entry(
        "identity.not_a_member",
        &[At::Problem(403)],
        "`Mesh-Domain` names a domain that the principal is no member of, or that does not exist.",
        "Name a domain of yours, or ask an owner of that one to add you.",
    ),
    entry(
        "identity.ambiguous_domain",
        &[At::Problem(400)],
        "The principal belongs to several domains and named none.",
        "Name the domain to act for in the header `Mesh-Domain`.",
    ),
    entry(
        "idempotency.invalid_key",
        &[At::Invalid(400)],
        "`Idempotency-Key` is empty, longer than 255 characters or not printable ASCII.",
        "Use a random key, such as a UUID.",
    ),
    entry(
        "idempotency.other_body",
        &[At::Invalid(422)],
        "The idempotency key was used within 24 hours for another request; nothing was written.",
        "Use a new key for a new request.",
    ),
    entry(
        "store.conflict",
        &[At::Problem(409)],
        "Somebody else was faster; nothing was written.",
        "Read again and retry.",
    ),
    entry(
        "service.unavailable",
        &[At::Problem(503)],
        "A service that is needed cannot be reached, is throttling or failed; nothing was decided or written.",
        "Try again in a moment, as `Retry-After` says.",
    ),
    entry(
        "service.denied",
        &[At::Problem(503)],
        "A service did not let the platform do its work: a right is missing in the domain's envelope.",
        "Ask the platform team to look at the domain's envelope.",
    ),
    entry(
        "platform.error",
        &[At::Problem(500)],
        "A defect of the platform; its log tells why.",
        "Tell the platform team the `request_id`.",
    ),
    entry(
        "client.unknown_answer",
        &[At::Client],
        "What answered was no problem of this API: a gateway or proxy in between, or another server.",
        "Check the endpoint; the answer's start is in the detail.",
    ),
];
