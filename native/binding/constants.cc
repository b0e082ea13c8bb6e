#include "constants.h"

#include "client.h"
#include "core/status.h"
#include "exchange.h"

namespace memdb {
namespace {

struct Constant {
  const char* group;
  const char* name;
  double value;
};

constexpr Constant Of(const char* name, Status status) {
  return {"Status", name, static_cast<double>(status)};
}
constexpr Constant Of(const char* name, Stat stat) {
  return {"Stat", name, static_cast<double>(stat)};
}
constexpr Constant Of(const char* group, const char* name, size_t value) {
  return {group, name, static_cast<double>(value)};
}

constexpr Constant kConstants[] = {
    Of("Word", "SlabPosition", Exchange::kSlabPosition),
    Of("Word", "Needed", Exchange::kNeeded),
    Of("Word", "Holder", Exchange::kHolder),
    Of("Word", "Request", Exchange::kRequest),
    Of("Word", "StoreId", Exchange::kStoreId),
    Of("Word", "Arguments", Exchange::kArguments),
    Of("Word", "Answer", Exchange::kAnswer),
    Of("Word", "Hashed", Exchange::kHashed),
    Of("Word", "Number", Exchange::kNumber),

    Of("Slot", "Start", Exchange::kStart),
    Of("Slot", "Located", Exchange::kLocated),
    Of("Slot", "FirstParent", Exchange::kFirstParent),
    Of("Slot", "ParentCount", Exchange::kParentCount),

    Of("At", "FromBits", Exchange::kFromBits),
    Of("At", "PartsBits", Exchange::kPartsBits),

    Of("Region", "Digests", Exchange::kDigests),
    Of("Region", "Results", Exchange::kResults),
    Of("Region", "ResultCount", Exchange::kResultCount),
    Of("Region", "Key", Exchange::kKey),
    Of("Region", "KeySize", Exchange::kKeySize),
    Of("Region", "Value", Exchange::kValue),
    Of("Region", "ValueSize", Exchange::kValueSize),
    Of("Region", "Input", Exchange::kInput),
    Of("Region", "InputSize", Exchange::kInputSize),
    Of("Region", "Size", Exchange::kSize),

    Of("Ok", Status::kOk),
    Of("Absent", Status::kAbsent),
    Of("NoRoom", Status::kNoRoom),
    Of("Closed", Status::kClosed),
    Of("Full", Status::kFull),
    Of("Busy", Status::kBusy),
    Of("Nested", Status::kNested),
    Of("InvalidHandle", Status::kInvalidHandle),
    Of("Misuse", Status::kMisuse),
    Of("Conflict", Status::kConflict),

    Of("BeginFlag", "Writable", BeginFlag::kWritable),
    Of("BeginFlag", "OfCall", BeginFlag::kOfCall),
    Of("BeginFlag", "Optimistic", BeginFlag::kOptimistic),

    Of("Entries", Stat::kEntries),
    Of("Bytes", Stat::kBytes),
    Of("HeldBytes", Stat::kHeldBytes),
    Of("OpenBatches", Stat::kOpenBatches),
    Of("OpenSnapshots", Stat::kOpenSnapshots),
    Of("Superseded", Stat::kSuperseded),
    Of("Commits", Stat::kCommits),
    Of("OldestPinAge", Stat::kOldestPinAge),
    Of("MaxBytes", Stat::kMaxBytes),
    Of("Threads", Stat::kThreads),
};

}  // namespace

Napi::Object Constants(Napi::Env env) {
  auto groups = Napi::Object::New(env);
  for (const Constant& constant : kConstants) {
    if (!groups.Has(constant.group)) groups.Set(constant.group, Napi::Object::New(env));
    groups.Get(constant.group).As<Napi::Object>().Set(constant.name, constant.value);
  }
  return groups;
}

}  // namespace memdb
