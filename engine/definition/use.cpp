// `use`: every reusable part is checked, whether a task uses it or not.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

void read_secrets(Compiler& compiler, const Value& value) {
  if (!is_list(compiler.report, value, "names of secrets")) return;
  for (std::size_t i = 0; i < value.json->size(); ++i) {
    const auto name = read_text(compiler.report, value.item(i), "the name of a secret");
    if (name) compiler.program.secrets.push_back(*name);
  }
}

template <class Read>
void read_each(Compiler& compiler, const std::optional<Value>& all, std::string_view what,
               Read read) {
  if (!all || !is_object(compiler.report, *all, what)) return;
  for (const std::string& name : member_names(*all->json)) {
    const Value each = all->member(name);
    // Names stand for definitions elsewhere; here they would stand for each other.
    if (!each.json->is_object()) {
      compiler.report.mistyped(each, "a definition (an object)");
      continue;
    }
    read(each);
  }
}

}  // namespace

void read_use(Compiler& compiler, const Value& value) {
  Fields fields{compiler.report, value, "`use`"};
  if (const auto secrets = fields.get("secrets")) read_secrets(compiler, *secrets);
  const Variables unchecked;  // the names in scope are those of each place of use
  read_each(
      compiler, fields.get("authentications"), "authentication policies by name",
      [&](const Value& each) { (void)read_authentication(compiler, each, unchecked, false); });
  read_each(compiler, fields.get("errors"), "errors by name",
            [&](const Value& each) { (void)read_problem(compiler, each, unchecked); });
  read_each(compiler, fields.get("retries"), "retry policies by name",
            [&](const Value& each) { (void)read_retry(compiler, each, unchecked); });
  read_each(compiler, fields.get("timeouts"), "timeouts by name",
            [&](const Value& each) { (void)read_timeout(compiler, each, unchecked); });
  const auto functions = fields.get("functions");
  if (functions) (void)is_object(compiler.report, *functions, "functions by name");
  if (const auto extensions = fields.get("extensions"))
    compiler.refuse(*extensions, "`use.extensions`");
  if (const auto catalogs = fields.get("catalogs")) compiler.refuse(*catalogs, "`use.catalogs`");
  fields.finish();
}

// Functions that no task calls have mistakes as well. Each is read once by itself, without the
// functions that it calls, and what that added to the program is taken away again.
void check_functions(Compiler& compiler) {
  const Json& functions = compiler.reusable("functions");
  const Value all{.json = &functions, .pointer = "/use/functions"};
  const std::size_t nodes = compiler.program.nodes.size();
  const std::size_t filters = compiler.program.filters.size();
  const Variables none = std::make_shared<const std::vector<std::string>>();
  compiler.follow_calls = false;
  for (const std::string& name : member_names(functions)) {
    const Value each = all.member(name);
    (void)read_task(compiler, each, name, each.pointer, no_node, none);
    link_tasks(compiler, {}, 0);
    report_unresolved(compiler);
    compiler.unresolved.clear();
    compiler.program.nodes.resize(nodes);
    compiler.program.filters.resize(filters);
  }
  compiler.follow_calls = true;
}

}  // namespace sequent::definition
