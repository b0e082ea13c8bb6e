#include "client.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

namespace memdb {

namespace {

constexpr int32_t Answer(Status status) {
  return static_cast<int32_t>(status);
}
constexpr int32_t kMisuse = Answer(Status::kMisuse);
constexpr double kUnlimited = 9e15;  // what JavaScript counts exactly

Clock::duration Milliseconds(double count) {
  constexpr double kLongest = 1e9;
  // What is no number is none at all.
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double, std::milli>(count > 0 ? std::min(count, kLongest) : 0));
}

}  // namespace

Client::Client(napi_env env, uint8_t* exchange, int thread_id)
    : env_(env), thread_id_(thread_id), exchange_(exchange) {}

int32_t Client::AddDatabase(std::shared_ptr<Session> session, bool creator) {
  const auto& id = session->store_id();
  sessions_[id] = session;
  for (size_t i = 0; i < id.size(); i++) {
    exchange_.word(Exchange::kStoreId + i) = static_cast<int32_t>(id[i]);
  }
  return databases_.Add({std::move(session), creator, 0});
}

int32_t Client::Create(double max_bytes, std::span<uint8_t> handle) {
  const uint64_t limit =
      max_bytes < kUnlimited ? static_cast<uint64_t>(std::max(max_bytes, 0.0)) : UINT64_MAX;
  auto session = Session::Create(limit, thread_id_);
  if (session == nullptr) return Answer(Status::kFull);
  session->set_handle(handle.data());
  return AddDatabase(std::move(session), true);
}

int32_t Client::Attach(std::span<uint8_t> handle) {
  Store::Id id;
  for (size_t i = 0; i < id.size(); i++) {
    id[i] = static_cast<uint32_t>(exchange_.word(Exchange::kStoreId + i));
  }
  std::shared_ptr<Session> session;
  if (const auto known = sessions_.find(id); known != sessions_.end()) {
    session = known->second.lock();
    if (session != nullptr && session->closed()) session = nullptr;
  }
  if (session == nullptr) session = Session::Attach(id, thread_id_);
  if (session == nullptr) {
    return Answer(IsOfThisProcess(id) ? Status::kClosed : Status::kInvalidHandle);
  }
  // Of a copy of the handle, nobody knows how old it is.
  if (session->handle() != handle.data()) return Answer(Status::kInvalidHandle);
  return AddDatabase(std::move(session), false);
}

int32_t Client::Close(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  cursors_.RemoveIf([&](const OpenCursor& open) {
    if (open.database != id) return false;
    open.session->EndCursor(open.cursor);
    return true;
  });
  DiscardIf([&](const OpenBatch& open) { return open.database == id; });
  if (database->creator) database->session->CloseStore();
  Report(id);
  const Store::Id store = database->session->store_id();
  databases_.Remove(id);
  if (const auto known = sessions_.find(store); known->second.expired()) sessions_.erase(known);
  return Answer(Status::kOk);
}

bool Client::Closed(int32_t id) {
  Database* database = databases_.Find(id);
  return database == nullptr || database->session->closed();
}

int32_t Client::Version(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  if (database->session->closed()) return Answer(Status::kClosed);
  exchange_.set_number(static_cast<double>(database->session->published()));
  return Answer(Status::kOk);
}

int32_t Client::BatchVersion(int32_t id) {
  OpenBatch* open = batches_.Find(id);
  if (open == nullptr) return kMisuse;
  if (open->session->closed()) return Answer(Status::kClosed);
  exchange_.set_number(static_cast<double>(open->session->VersionOf(open->batch)));
  return Answer(Status::kOk);
}

int32_t Client::Lock(int32_t id, double slice) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  return Answer(database->session->Lock(Milliseconds(slice), &exchange_.word(Exchange::kHolder)));
}

int32_t Client::Unlock(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  database->session->Unlock();
  return Answer(Status::kOk);
}

int32_t Client::Join(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  return Answer(database->session->Join(&exchange_.word(Exchange::kHolder)));
}

int32_t Client::Leave(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  database->session->Leave();
  return Answer(Status::kOk);
}

int32_t Client::AddBatch(const OpenBatch& open) {
  if (open.batch == nullptr) {
    return Answer(open.session->closed() ? Status::kClosed : Status::kFull);
  }
  return batches_.Add(open);
}

int32_t Client::Begin(int32_t id, int32_t flags) {
  // First: a batch that got no id would stay open.
  batches_.Reserve();
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  Session* session = database->session.get();
  const auto has = [&](size_t flag) { return (static_cast<uint32_t>(flags) & flag) != 0; };
  Batch* batch = session->Begin(has(BeginFlag::kWritable), has(BeginFlag::kOptimistic));
  return AddBatch({session, batch, id, has(BeginFlag::kOfCall)});
}

int32_t Client::BeginNested(int32_t id, bool writable) {
  batches_.Reserve();
  OpenBatch* parent = batches_.Find(id);
  if (parent == nullptr) return kMisuse;
  Session* session = parent->session;
  return AddBatch(
      {session, session->BeginNested(parent->batch, writable), parent->database, false});
}

int32_t Client::Get(int32_t id, int32_t at) {
  OpenBatch* open = batches_.Find(id);
  Digest digest;
  if (open == nullptr || !exchange_.Locate(at, &digest)) return kMisuse;
  size_t needed = 0;
  const int32_t answer = open->session->Get(open->batch, digest, exchange_.room(), &needed);
  if (answer == Answer(Status::kNoRoom)) {
    exchange_.word(Exchange::kNeeded) = static_cast<int32_t>(std::min<size_t>(needed, INT32_MAX));
  }
  return answer;
}

int32_t Client::GetInto(int32_t id, int32_t at, std::span<uint8_t> target) {
  OpenBatch* open = batches_.Find(id);
  Digest digest;
  if (open == nullptr || !exchange_.Locate(at, &digest)) return kMisuse;
  size_t needed = 0;
  return open->session->Get(open->batch, digest, target, &needed);
}

int32_t Client::Has(int32_t id, int32_t at) {
  OpenBatch* open = batches_.Find(id);
  Digest digest;
  if (open == nullptr || !exchange_.Locate(at, &digest)) return kMisuse;
  return Answer(open->session->Has(open->batch, digest));
}

int32_t Client::GetMany(int32_t id, int32_t count) {
  OpenBatch* open = batches_.Find(id);
  const auto wanted = static_cast<size_t>(count);
  if (open == nullptr || wanted > Exchange::kResultCount) return kMisuse;
  if (!exchange_.LocateMany(wanted, &digests_)) return kMisuse;
  size_t needed = 0;
  const int32_t answer =
      open->session->GetMany(open->batch, digests_, exchange_.results(), exchange_.room(), &needed);
  if (answer == Answer(Status::kNoRoom)) {
    exchange_.word(Exchange::kNeeded) = static_cast<int32_t>(std::min<size_t>(needed, INT32_MAX));
  }
  return answer;
}

int32_t Client::Put(int32_t id, int32_t at, int32_t key_length, int32_t value_length) {
  OpenBatch* open = batches_.Find(id);
  Digest digest;
  if (open == nullptr || !exchange_.Locate(at, &digest)) return kMisuse;
  const auto key = exchange_.key(key_length);
  const auto value = exchange_.value(value_length);
  if (key.data() == nullptr || value.data() == nullptr) return kMisuse;
  return Answer(open->session->Put(open->batch, digest, key, value));
}

int32_t Client::PutLarge(int32_t id, int32_t at, std::span<uint8_t> key, std::span<uint8_t> value) {
  OpenBatch* open = batches_.Find(id);
  Digest digest;
  if (open == nullptr || !exchange_.Locate(at, &digest)) return kMisuse;
  return Answer(open->session->Put(open->batch, digest, key, value));
}

int32_t Client::Delete(int32_t id, int32_t at) {
  OpenBatch* open = batches_.Find(id);
  Digest digest;
  if (open == nullptr || !exchange_.Locate(at, &digest)) return kMisuse;
  return Answer(open->session->Delete(open->batch, digest));
}

void Client::Forget(int32_t id, Session* session, bool had_nested) {
  batches_.Remove(id);
  if (!had_nested) return;
  batches_.RemoveIf([&](const OpenBatch& open) {
    return open.session == session && !session->IsOpen(open.batch);
  });
}

int32_t Client::Commit(int32_t id, bool locked, double slice) {
  OpenBatch* open = batches_.Find(id);
  if (open == nullptr) return kMisuse;
  Session* session = open->session;
  const bool had_nested = session->HasNested(open->batch);
  // The first result is how many keys follow.
  const auto results = exchange_.results();
  Store::Changed changed{results.subspan(1, kMostChanged), exchange_.input()};
  const Status status = session->Commit(open->batch, locked, Milliseconds(slice),
                                        &exchange_.word(Exchange::kHolder), &changed);
  if (status == Status::kConflict) results[0] = static_cast<int32_t>(changed.count);
  if (status == Status::kOk || status == Status::kConflict) Forget(id, session, had_nested);
  if (status == Status::kFull) exchange_.set_number(static_cast<double>(session->over_limit()));
  return Answer(status);
}

int32_t Client::Reads(int32_t id, int32_t from) {
  OpenBatch* open = batches_.Find(id);
  if (open == nullptr || from < 0) return kMisuse;
  const auto digests = exchange_.input();
  bool scanned = false;
  const size_t count =
      open->session->CopyReads(open->batch, static_cast<size_t>(from), digests, &scanned);
  exchange_.results()[0] = scanned ? 1 : 0;
  return static_cast<int32_t>(count);
}

int32_t Client::Discard(int32_t id) {
  OpenBatch* open = batches_.Find(id);
  if (open == nullptr) return kMisuse;
  Session* session = open->session;
  const bool had_nested = session->HasNested(open->batch);
  session->Discard(open->batch);
  Forget(id, session, had_nested);
  return Answer(Status::kOk);
}

template <typename Condition>
void Client::DiscardIf(Condition&& condition) {
  batches_.RemoveIf([&](const OpenBatch& open) {
    if (!condition(open)) return false;
    open.session->Discard(open.batch);
    return true;
  });
}

int32_t Client::EndCalls(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  Session* session = database->session.get();
  DiscardIf([&](const OpenBatch& open) { return open.database == id && open.of_call; });
  // With those that were nested in them.
  batches_.RemoveIf([&](const OpenBatch& open) {
    return open.session == session && !session->IsOpen(open.batch);
  });
  session->Unlock();
  return Answer(Status::kOk);
}

int32_t Client::Clear(int32_t id, std::span<uint8_t> filter) {
  OpenBatch* open = batches_.Find(id);
  if (open == nullptr) return kMisuse;
  return Answer(open->session->Clear(open->batch, KeyFilter(filter)));
}

int32_t Client::StartCursor(int32_t id, bool keys_only, std::span<uint8_t> filter) {
  cursors_.Reserve();
  OpenBatch* open = batches_.Find(id);
  if (open == nullptr) return kMisuse;
  Session* session = open->session;
  Cursor* cursor = session->StartCursor(open->batch, KeyFilter(filter), keys_only);
  if (cursor == nullptr) return Answer(session->closed() ? Status::kClosed : Status::kFull);
  return cursors_.Add({session, cursor, open->database});
}

int32_t Client::Next(int32_t id) {
  OpenCursor* open = cursors_.Find(id);
  if (open == nullptr) return kMisuse;
  Cursor::Chunk chunk{exchange_.results(), exchange_.room(), 0};
  const int32_t answer = open->session->Next(open->cursor, &chunk);
  if (answer == Answer(Status::kNoRoom)) {
    exchange_.word(Exchange::kNeeded) =
        static_cast<int32_t>(std::min<size_t>(chunk.needed, INT32_MAX));
  }
  return answer;
}

int32_t Client::EndCursor(int32_t id) {
  OpenCursor* open = cursors_.Find(id);
  if (open == nullptr) return kMisuse;
  open->session->EndCursor(open->cursor);
  cursors_.Remove(id);
  return Answer(Status::kOk);
}

int32_t Client::Reclaim(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return kMisuse;
  const size_t left = database->session->Reclaim();
  Report(id);
  return static_cast<int32_t>(std::min<size_t>(left, INT32_MAX));
}

int32_t Client::UseSlab(std::span<uint8_t> slab) {
  exchange_.UseSlab(slab);
  return Answer(Status::kOk);
}

std::vector<double> Client::Stats(int32_t id) {
  Database* database = databases_.Find(id);
  if (database == nullptr) return {};
  Session& session = *database->session;
  const Store::Stats stats = session.StoreStats();
  double batches = 0;
  auto oldest = Clock::time_point::max();
  std::vector<double> threads;
  session.ForEachUsage([&](const Session::Usage& usage) {
    batches += static_cast<double>(usage.batches);
    oldest = std::min(oldest, usage.oldest);
    threads.push_back(usage.thread_id);
    threads.push_back(static_cast<double>(usage.batches));
    threads.push_back(static_cast<double>(usage.snapshots));
  });
  const double age = oldest == Clock::time_point::max()
                         ? 0
                         : std::chrono::duration<double, std::milli>(Clock::now() - oldest).count();
  std::vector<double> numbers(static_cast<size_t>(Stat::kThreads));
  const auto at = [&](Stat stat) -> double& { return numbers[static_cast<size_t>(stat)]; };
  at(Stat::kEntries) = static_cast<double>(stats.entries);
  at(Stat::kBytes) = static_cast<double>(stats.bytes);
  at(Stat::kHeldBytes) = static_cast<double>(stats.held_bytes);
  at(Stat::kOpenBatches) = batches;
  at(Stat::kOpenSnapshots) = static_cast<double>(stats.snapshots);
  at(Stat::kSuperseded) = static_cast<double>(stats.superseded);
  at(Stat::kCommits) = static_cast<double>(stats.commits);
  at(Stat::kOldestPinAge) = age;
  at(Stat::kMaxBytes) = session.max_bytes() == UINT64_MAX
                            ? std::numeric_limits<double>::infinity()
                            : static_cast<double>(session.max_bytes());
  numbers.insert(numbers.end(), threads.begin(), threads.end());
  return numbers;
}

void Client::Report(int32_t id) {
  constexpr int64_t kStep = 1 << 20;
  Database* database = databases_.Find(id);
  if (!database->creator) return;
  const auto held = static_cast<int64_t>(database->session->heap().held_bytes());
  const int64_t change = held - database->reported;
  if (held != 0 && std::abs(change) < kStep) return;
  int64_t total;
  if (napi_adjust_external_memory(env_, change, &total) == napi_ok) database->reported = held;
}

}  // namespace memdb
