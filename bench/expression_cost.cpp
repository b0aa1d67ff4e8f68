// What an evaluation costs, in microseconds: plain paths, small jq expressions, and a definition's
// compilation. Build with the release preset.
#include <chrono>
#include <cstdio>
#include <string>

#include "engine/expression/expression.hpp"

namespace {

using namespace sequent;
using namespace sequent::expression;
using std::chrono::steady_clock;

double microseconds_since(steady_clock::time_point began) {
  return std::chrono::duration<double, std::micro>(steady_clock::now() - began).count();
}

void cost_of(const std::string& source, const Json& dot, const Scope& scope) {
  ExpressionSetBuilder builder;
  const auto id = builder.add(source);
  for (int i = 0; i < 63; ++i) builder.add(". + " + std::to_string(i));  // a definition's company
  const auto set = builder.build();
  if (!set) return;
  const int rounds = (*set)->is_plain_path(id) ? 1'000'000 : 50'000;
  int failed = 0;
  const auto began = steady_clock::now();
  for (int i = 0; i < rounds; ++i)
    if (!(*set)->evaluate(id, dot, scope)) ++failed;
  std::printf("%10.3f us  %s%s\n", microseconds_since(began) / rounds, source.c_str(),
              failed == 0 ? "" : "  FAILED");
}

void cost_of_compiling(int count) {
  ExpressionSetBuilder builder({}, 1);
  for (int i = 0; i < count; ++i)
    builder.add("{id: .id, amount: (.lines | map(.amount) | add + " + std::to_string(i) + ")}");
  const auto began = steady_clock::now();
  const auto set = builder.build();
  std::printf("%10.1f ms  to compile %d expressions%s\n", microseconds_since(began) / 1000, count,
              set ? "" : "  FAILED");
}

}  // namespace

int main() {
  Json lines = Json::array();
  for (int i = 0; i < 10; ++i) {
    Json line;
    line["sku"] = "plan-" + std::to_string(i);
    line["amount"] = 100 * i;
    lines.push_back(line);
  }
  Json dot;
  dot["id"] = "cus_123";
  dot["customer"]["email"] = "a@example.org";
  dot["lines"] = lines;
  Json context;
  context["customer"] = "cus_123";
  Scope scope;
  scope.context = &context;
  for (const auto* source :
       {".customer.email", "$context.customer", ".lines[3].amount", "true", ".id + \"x\"",
        "$context.customer == .id", "{id, email: .customer.email}", "[.lines[].amount] | add",
        "\"\\(.id)/\\(.customer.email)\"", "reduce .lines[] as $l (0; . + $l.amount)"})
    cost_of(source, dot, scope);
  for (const int count : {1, 20, 100, 500}) cost_of_compiling(count);
}
