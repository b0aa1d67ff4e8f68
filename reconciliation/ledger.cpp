#include "reconciliation/ledger.hpp"

#include <algorithm>

#include "reconciliation/fields.hpp"

namespace sequent::reconciliation {
namespace {

constexpr std::string_view item_calls = "stripe.subscription_items.";

std::string account_of(const RecordedCall& call, bool platform_only) {
  return platform_only ? "" : text_of(call.input, "account");
}

}  // namespace

Result<void> Ledger::take(const std::string& run, const std::vector<RecordedCall>& calls) {
  runs_.insert(run);
  for (const auto& call : calls) {
    if (is_unlisted(call.activity) && call.returned_at != 0) unlisted_.insert(call.key);
    if (const Kind* kind = made_by(call.activity)) {
      take_made(run, *kind, call);
    } else {
      take_change(call);
    }
  }
  if (made_.size() + changes_.size() > most_calls)
    return fail(ErrorCode::too_large,
                "Expected at most " + std::to_string(most_calls) +
                    " calls to Stripe in the window, got more: make it narrower with --since and "
                    "--until.");
  return {};
}

void Ledger::take_made(const std::string& run, const Kind& kind, const RecordedCall& call) {
  const std::string account = account_of(call, kind.platform_only);
  accounts_.insert(account);
  Made& made = made_[call.key];
  const bool seen = made.seen;
  made = Made{&kind, account, run, call, seen};
  made.call.input = comparable(kind, call.input);
  if (call.object.empty()) return;
  key_of_[{account, call.object}] = call.key;
  note_besides(made, call.result);
}

void Ledger::take_change(const RecordedCall& call) {
  if (call.returned_at == 0 && !call.may_exist) return;
  const Kind* kind = updated_by(call.activity);
  if (const Kind* gone = deleted_by(call.activity)) {
    deleted_.insert(
        {account_of(call, gone->platform_only), text_of(call.input, std::string(gone->id_member))});
  } else if (kind != nullptr) {
    const Place place{account_of(call, kind->platform_only),
                      text_of(call.input, std::string(kind->id_member))};
    changes_[place][call.key] = {call.returned_at, comparable(*kind, call.input)};
    // An item without an id is added to those that are there, so the list sent is not the whole.
    if (kind->name == "subscription" && call.input.contains("items")) other_items_.insert(place);
  } else if (call.activity.starts_with(item_calls) && !call.activity.ends_with(".list") &&
             !call.activity.ends_with(".retrieve")) {
    // Which subscription an item belongs to is not always said; its run's account always is.
    other_items_.insert({account_of(call, false), text_of(call.input, "subscription")});
  }
}

Made* Ledger::by_id(const std::string& account, const std::string& id) {
  const auto key = key_of_.find({account, id});
  return key == key_of_.end() ? nullptr : by_key(key->second);
}

Made* Ledger::by_key(const std::string& key) {
  const auto found = made_.find(key);
  return found == made_.end() ? nullptr : &found->second;
}

bool Ledger::deleted(const std::string& account, const std::string& id) const {
  return deleted_.contains({account, id}) || (!account.empty() && deleted_.contains({"", account}));
}

bool Ledger::made_besides(const std::string& account, const std::string& id) const {
  return besides_.contains({account, id});
}

void Ledger::note_besides(const Made& made, const Json& object) {
  for (const auto member : made.kind->besides) {
    const auto id = text_of(object, member);
    // What the request named was there before.
    if (!id.empty() && text_of(made.call.input, member).empty())
      besides_.insert({made.account, id});
  }
}

Json Ledger::sent(const Made& made) const {
  Json sent = made.call.input;
  const Place place{made.account, made.call.object};
  if (const auto found = changes_.find(place); found != changes_.end()) {
    std::vector<const Change*> in_order;
    for (const auto& [key, change] : found->second) in_order.push_back(&change);
    // A change whose answer is open may have happened or not: what it sets is not compared.
    std::ranges::sort(in_order, {}, [](const Change* change) {
      return change->at == 0 ? INT64_MAX : change->at;
    });
    for (const Change* change : in_order) {
      if (change->at != 0) {
        lay_over(sent, change->members);
      } else {
        for (const auto& [name, value] : change->members.items()) sent.erase(name);
      }
    }
  }
  if (other_items_.contains(place) || other_items_.contains({made.account, ""}))
    sent.erase("items");
  return sent;
}

}  // namespace sequent::reconciliation
