// A workflow, or what a run did, as a sequence diagram.
#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/run_json.hpp"
#include "api/triggers.hpp"
#include "engine/diagram/draw_definition.hpp"
#include "engine/diagram/draw_run.hpp"
#include "engine/machine/codec.hpp"

namespace sequent::api {
namespace {

enum class Spelling { mermaid, plantuml };

Result<Spelling> spelling_of(const net::ServerRequest& request) {
  const auto format = query_value(request, "format").value_or("mermaid");
  if (format == "mermaid") return Spelling::mermaid;
  if (format == "plantuml") return Spelling::plantuml;
  return fail(ErrorCode::invalid_request,
              "Expected format=mermaid or format=plantuml, got format=" + format + ".");
}

Answer picture_answer(const net::ServerRequest& request, Spelling spelling,
                      const diagram::Picture& picture) {
  const bool mermaid = spelling == Spelling::mermaid;
  const std::string text = mermaid ? diagram::mermaid(picture) : diagram::plantuml(picture);
  if (prefers(request, "text/plain")) return text_answer(200, "text/plain; charset=utf-8", text);
  return json_answer(200, {{"format", mermaid ? "mermaid" : "plantuml"}, {"text", text}});
}

Result<diagram::Picture> draw(const Context& context, const InstanceId& id) {
  constexpr std::size_t rows = 200;
  const auto summary = context.ports.runs.find(id);
  const auto program = summary ? context.ports.engine.program(summary->digest) : nullptr;
  if (program == nullptr) return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
  diagram::RunArtist artist{*program, [&context](const std::string& digest) {
                              return context.ports.engine.program(digest);
                            }};
  std::uint64_t last = 0;
  while (true) {
    const std::uint64_t before = last;
    for (const auto& text : context.ports.runs.journal(id, last, rows)) {
      const auto records = machine::decode(text);
      if (!records) return std::unexpected(records.error());
      for (const auto& record : *records) {
        if (record.seq <= last) continue;
        last = record.seq;
        artist.add(record);
      }
    }
    if (last == before) return artist.take();
  }
}

}  // namespace

asio::awaitable<Answer> show_workflow_diagram(Context& context, const Call& call) {
  const auto spelling = spelling_of(call.request);
  if (!spelling) co_return problem(context, spelling.error());
  definition::WorkflowRef ref;
  ref.workflow_namespace = call.at("namespace");
  ref.name = call.at("name");
  ref.version = call.at("version");
  const auto program = context.ports.engine.program(ref);
  if (program == nullptr) {
    const auto unknown = unknown_workflow(context.ports.engine, ref);
    co_return problem(context, unknown);
  }
  co_return picture_answer(call.request, *spelling, diagram::draw_definition(*program));
}

asio::awaitable<Answer> show_run_diagram(Context& context, const Call& call) {
  const auto id = run_id(call);
  if (!id) co_return problem(context, id.error());
  const auto spelling = spelling_of(call.request);
  if (!spelling) co_return problem(context, spelling.error());
  auto look = [&] { return draw(context, *id); };
  auto picture = co_await on_pool(context.ports.pool, std::move(look));
  if (!picture) co_return problem(context, picture.error());
  co_return picture_answer(call.request, *spelling, *picture);
}

}  // namespace sequent::api
