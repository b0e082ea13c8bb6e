#ifndef MEMDB_BINDING_CLIENT_H_
#define MEMDB_BINDING_CLIENT_H_

#include <node_api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/session.h"
#include "exchange.h"
#include "id_table.h"

namespace memdb {

// The order of the numbers of `Client::Stats`; kThreads and what follows it are three numbers a
// thread.
enum class Stat : size_t {
  kEntries,
  kBytes,
  kHeldBytes,
  kOpenBatches,
  kOpenSnapshots,
  kSuperseded,
  kCommits,
  kOldestPinAge,
  kMaxBytes,
  kThreads,
};

// What Client::Begin takes, added up.
struct BeginFlag {
  static constexpr size_t kWritable = 1;
  // EndCalls ends the batch if nothing else does.
  static constexpr size_t kOfCall = 2;
  // The batch keeps what it reads, and its commit compares that.
  static constexpr size_t kOptimistic = 4;
};

// What one thread's TypeScript face has opened: its exchange and the ids it was
// given. The methods are those of `Engine` in lib/engine/engine.ts; they answer a
// length or id, or a Status. No logic: an id is looked up, the core is called.
//
// Freed by the environment's cleanup hook, which ends every session, whatever
// the thread was doing when it ended.
class Client {
 public:
  // `exchange` has Exchange::kSize bytes, which the caller keeps alive.
  Client(napi_env env, uint8_t* exchange, int thread_id);

  // The handle's memory lives as long as anyone can attach by it.
  int32_t Create(double max_bytes, std::span<uint8_t> handle);
  int32_t Attach(std::span<uint8_t> handle);
  int32_t Close(int32_t database);
  bool Closed(int32_t database);
  // Leaves the version in the exchange's number.
  int32_t Version(int32_t database);
  int32_t BatchVersion(int32_t batch);
  int32_t Lock(int32_t database, double slice);
  int32_t Unlock(int32_t database);
  int32_t Join(int32_t database);
  int32_t Leave(int32_t database);

  int32_t Begin(int32_t database, int32_t flags);
  int32_t BeginNested(int32_t parent, bool writable);
  int32_t Get(int32_t batch, int32_t at);
  int32_t GetInto(int32_t batch, int32_t at, std::span<uint8_t> target);
  int32_t Has(int32_t batch, int32_t at);
  int32_t GetMany(int32_t batch, int32_t count);
  int32_t Put(int32_t batch, int32_t at, int32_t key_length, int32_t value_length);
  int32_t PutLarge(int32_t batch, int32_t at, std::span<uint8_t> key, std::span<uint8_t> value);
  int32_t Delete(int32_t batch, int32_t at);
  int32_t Clear(int32_t batch, std::span<uint8_t> filter);
  int32_t Commit(int32_t batch, bool locked, double slice);
  int32_t Reads(int32_t batch, int32_t from);
  int32_t Discard(int32_t batch);
  int32_t EndCalls(int32_t database);

  // `filter`: see KeyFilter.
  int32_t StartCursor(int32_t batch, bool keys_only, std::span<uint8_t> filter);
  int32_t Next(int32_t cursor);
  int32_t EndCursor(int32_t cursor);
  int32_t Reclaim(int32_t database);
  int32_t UseSlab(std::span<uint8_t> slab);

  const Exchange& exchange() const { return exchange_; }

  // The numbers of `Stat`; none for an id not in use.
  std::vector<double> Stats(int32_t database);

 private:
  struct Database {
    // This thread's only one on the store, however often it attaches.
    std::shared_ptr<Session> session;
    // Whether this thread created the store: it closes it, and reports its size to V8.
    bool creator = false;
    int64_t reported = 0;
  };
  struct OpenBatch {
    Session* session = nullptr;
    Batch* batch = nullptr;
    int32_t database = 0;
    bool of_call = false;
  };
  struct OpenCursor {
    Session* session = nullptr;
    Cursor* cursor = nullptr;
    int32_t database = 0;
  };

  // The most keys that a commit reports as changed.
  static constexpr size_t kMostChanged = 16;

  int32_t AddDatabase(std::shared_ptr<Session> session, bool creator);
  int32_t AddBatch(const OpenBatch& batch);
  // Forgets the id of a batch that was closed; and, if it had any, of those nested
  // in it, which are closed with it.
  void Forget(int32_t batch, Session* session, bool had_nested);
  // Discards the batches that the condition holds for.
  template <typename Condition>
  void DiscardIf(Condition&& condition);
  // Reports to V8 how much memory the store holds, if that has changed by enough. Call it only
  // when the thread is idle or closes the store: V8 may then collect garbage for milliseconds.
  void Report(int32_t database);

  napi_env env_;
  const int thread_id_;
  Exchange exchange_;
  // Those of databases_, by the ids of their stores.
  std::map<Store::Id, std::weak_ptr<Session>> sessions_;
  IdTable<Database> databases_;
  IdTable<OpenBatch> batches_;
  IdTable<OpenCursor> cursors_;
  // Of GetMany; kept for its memory.
  std::vector<Digest> digests_;
};

}  // namespace memdb

#endif  // MEMDB_BINDING_CLIENT_H_
