// Authentication policies: basic, bearer, digest, oauth2 and oidc, inline or from secrets.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

// {use: secret}: the activity takes the policy's properties from the secret when it sends.
bool read_secret_reference(Compiler& compiler, Fields& fields) {
  const auto use = fields.get("use");
  if (!use) return false;
  fields.finish();
  const auto name = read_text(compiler.report, *use, "the name of a secret");
  const auto& secrets = compiler.program.secrets;
  if (name && std::find(secrets.begin(), secrets.end(), *name) == secrets.end()) {
    compiler.report.at_value(use->pointer,
                             "the secret `" + *name + "` is not listed in use.secrets",
                             suggestion(*name, secrets, "add it to use.secrets"));
  }
  return true;
}

void read_texts(Compiler& compiler, Fields& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto member = fields.require(name, "text or ${ … }"))
      (void)read_text(compiler.report, *member, name);
  }
  fields.finish();
}

void read_text_list(Compiler& compiler, Fields& fields, std::string_view name) {
  const auto list = fields.get(name);
  if (!list || is_expression(compiler, *list->json)) return;
  if (!is_list(compiler.report, *list, name)) return;
  for (std::size_t i = 0; i < list->json->size(); ++i)
    (void)read_text(compiler.report, list->item(i), "one of " + std::string{name});
}

// A value that later versions may take: known to the language, not run yet.
void read_supported(Compiler& compiler, const Value& value, std::string_view what,
                    std::initializer_list<std::string_view> supported,
                    std::initializer_list<std::string_view> known) {
  if (is_expression(compiler, *value.json)) return;
  if (!value.json->is_string()) {
    compiler.report.mistyped(value, std::string{what} + " (text)");
    return;
  }
  const auto& text = value.json->get_ref<const std::string&>();
  if (std::find(supported.begin(), supported.end(), text) != supported.end()) return;
  if (std::find(known.begin(), known.end(), text) != known.end()) {
    compiler.refuse(value, "the " + std::string{what} + " `" + text + "`");
    return;
  }
  (void)read_choice(compiler.report, value, what, supported);
}

void read_client(Compiler& compiler, const Value& value) {
  Fields fields{compiler.report, value, "an OAuth2 client"};
  for (const std::string_view name : {"id", "secret", "assertion"}) {
    if (const auto member = fields.get(name)) (void)read_text(compiler.report, *member, name);
  }
  bool anonymous = false;
  if (const auto method = fields.get("authentication")) {
    anonymous = *method->json == "none";
    read_supported(compiler, *method, "client authentication",
                   {"client_secret_basic", "client_secret_post", "none"},
                   {"client_secret_jwt", "private_key_jwt"});
  }
  if (!anonymous) (void)fields.require("id", "the id of the client");
  fields.finish();
}

void read_token_policy(Compiler& compiler, Fields& fields, bool has_endpoints) {
  if (const auto authority = fields.require("authority", "the URI of the authority"))
    (void)check_uri(compiler, *authority, "the authority");
  std::string grant;
  if (const auto given = fields.require("grant", "client_credentials or password")) {
    read_supported(
        compiler, *given, "grant", {"client_credentials", "password"},
        {"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"});
    if (given->json->is_string()) grant = given->json->get<std::string>();
  }
  if (const auto client = fields.get("client")) {
    read_client(compiler, *client);
  } else if (grant == "client_credentials") {
    (void)fields.require("client", "the id and the secret of the client");
  }
  if (const auto request = fields.get("request")) {
    Fields inner{compiler.report, *request, "a token request"};
    if (const auto encoding = inner.get("encoding")) {
      (void)read_choice(compiler.report, *encoding, "the encoding of a token request",
                        {"application/x-www-form-urlencoded", "application/json"});
    }
    inner.finish();
  }
  const auto endpoints = has_endpoints ? fields.get("endpoints") : std::nullopt;
  if (endpoints) {
    Fields inner{compiler.report, *endpoints, "the OAuth2 endpoints"};
    for (const std::string_view name : {"token", "revocation", "introspection"}) {
      if (const auto member = inner.get(name)) (void)read_text(compiler.report, *member, name);
    }
    inner.finish();
  }
  for (const std::string_view name : {"issuers", "scopes", "audiences"})
    read_text_list(compiler, fields, name);
  for (const std::string_view name : {"username", "password"}) {
    const auto member =
        grant == "password" ? fields.require(name, "text or ${ … }") : fields.get(name);
    if (member) (void)read_text(compiler.report, *member, name);
  }
  for (const std::string_view name : {"subject", "actor"}) {
    if (const auto member = fields.get(name))
      compiler.refuse(*member, "`" + std::string{name} + "` (token exchange)");
  }
  fields.finish();
}

void read_policy(Compiler& compiler, const std::string& kind, const Value& value) {
  Fields fields{compiler.report, value, "the " + kind + " authentication"};
  if (read_secret_reference(compiler, fields) || !fields.usable()) return;
  if (kind == "basic" || kind == "digest") read_texts(compiler, fields, {"username", "password"});
  if (kind == "bearer") read_texts(compiler, fields, {"token"});
  if (kind == "oauth2" || kind == "oidc") read_token_policy(compiler, fields, kind == "oauth2");
}

}  // namespace

std::optional<Template> read_authentication(Compiler& compiler, const Value& value,
                                            const Variables& variables, bool may_refer) {
  // A name alone is the prose's short form of {use: name}.
  if (value.json->is_string() && may_refer) {
    const auto named = compiler.resolve("authentications", "authentication policy", value);
    return named ? read_authentication(compiler, *named, variables, false) : std::nullopt;
  }
  Fields fields{compiler.report, value, "an authentication policy"};
  if (const auto use = may_refer ? fields.get("use") : std::nullopt) {
    fields.finish();
    if (!use->json->is_string()) {
      compiler.report.mistyped(*use, "the name of an authentication policy (text)");
      return std::nullopt;
    }
    const auto named = compiler.resolve("authentications", "authentication policy", *use);
    return named ? read_authentication(compiler, *named, variables, false) : std::nullopt;
  }
  std::vector<std::string> given;
  for (const std::string_view kind : {"basic", "bearer", "digest", "oauth2", "oidc"})
    if (fields.get(kind)) given.emplace_back(kind);
  if (const auto certificate = fields.get("certificate")) {
    compiler.refuse(*certificate, "certificate authentication");
    return std::nullopt;
  }
  fields.finish();
  if (!fields.usable()) return std::nullopt;
  if (given.size() != 1) {
    compiler.report.at_key(value.pointer,
                           "expected one of basic, bearer, digest, oauth2 and oidc, got " +
                               std::string{given.empty() ? "none" : "several"},
                           may_refer ? "or name a policy of use.authentications: {use: name}" : "");
    return std::nullopt;
  }
  Value policy = value.member(given.front());
  // The prose writes `bearer: ${ … }` for `bearer: {token: ${ … }}`.
  if (given.front() == "bearer" && policy.json->is_string()) {
    Template token;
    set_member(token, "token", read_template(compiler, policy, variables));
    Template out;
    set_member(out, "bearer", std::move(token));
    return out;
  }
  read_policy(compiler, given.front(), policy);
  Template out;
  set_member(out, given.front(), read_template(compiler, policy, variables));
  return out;
}

}  // namespace sequent::definition
