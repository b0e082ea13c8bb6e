#ifndef MEMDB_CORE_SESSION_H_
#define MEMDB_CORE_SESSION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "batch.h"
#include "cursor.h"
#include "mutex.h"
#include "open_snapshots.h"
#include "status.h"
#include "store.h"
#include "thread_annotations.h"
#include "transaction_mutex.h"

namespace memdb {

// One thread's use of one store: its batches and iterations, and the pins and locks that
// it holds. That thread calls every method but GetUsage and Abandon. Batches and
// cursors are the session's. The address of a cursor is good until EndCursor. That of a
// closed batch is good until a later one begins: until then a call with it returns kClosed.
//
// Every call but GetUsage holds the session's mutex while it is inside the store, so
// another thread can close the store at any time. When the session ends, in
// whatever way the thread ends, it leaves no batch, pin or lock behind.
class Session {
 public:
  // Creates a store, or attaches to that of another thread. Returns null if memory (or
  // randomness for the id) cannot be allocated, or if there is no such store.
  static std::unique_ptr<Session> Create(uint64_t max_bytes, int thread_id);
  static std::unique_ptr<Session> Attach(const Store::Id& id, int thread_id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Store::Id& store_id() const { return store_->id(); }
  // If the last commit would have passed max_bytes: how many bytes it needed. Else 0.
  uint64_t over_limit() const { return over_limit_; }
  uint64_t max_bytes() const { return store_->max_bytes(); }
  void set_handle(const void* handle) { store_->set_handle(handle); }
  const void* handle() const { return store_->handle(); }
  bool closed() const { return store_->closed(); }
  // Without the store's tables.
  const Heap& heap() const { return store_->heap(); }
  // Closes the store for every thread. For the session that created it.
  void CloseStore();

  // The last version that is published.
  Version published() const { return store_->snapshots().published(); }

  // Waits for the transaction mutex. Returns kOk, kNested, kClosed; or kBusy after `limit`,
  // with the holder's thread id in `holder`.
  Status Lock(Clock::duration limit, int* holder);
  void Unlock();
  // Like Lock, but does not wait: takes a place in the queue, until it is called again or Leave is.
  Status Join(int* holder);
  void Leave();

  // Return null if the store is closed or memory cannot be allocated.
  // An optimistic batch keeps what it reads, and its commit compares that.
  Batch* Begin(bool writable, bool optimistic = false);
  Batch* BeginNested(Batch* parent, bool writable);

  // Copies the value to `target` if it fits. Returns its size, or kNoRoom with the size in
  // `needed`, or kAbsent, kClosed.
  int Get(const Batch* batch, const Digest& digest, std::span<uint8_t> target, size_t* needed);
  Status Has(const Batch* batch, const Digest& digest);
  // Writes the sizes (kAbsent for missing keys) in the order of `digests`. To `target` it writes
  // the values, one after the other, each at a ValuePosition. Returns how many bytes that takes, or
  // kNoRoom with these in `needed`, or kClosed, kFull.
  int GetMany(const Batch* batch, std::span<const Digest> digests, std::span<int32_t> sizes,
              std::span<uint8_t> target, size_t* needed);

  Status Put(Batch* batch, const Digest& digest, std::span<const uint8_t> key,
             std::span<const uint8_t> value);
  Status Delete(Batch* batch, const Digest& digest);
  // Deletes all that the batch sees whose keys the filter passes. After kFull the batch is as it
  // was.
  Status Clear(Batch* batch, const KeyFilter& filter);

  // Whether this thread has neither committed nor discarded the batch or one that it is
  // nested in. It stays open if the store is closed.
  bool IsOpen(const Batch* batch) const { return batch->open; }
  bool HasNested(const Batch* batch) const { return batch->first_child != nullptr; }

  // Commits a nested batch to its parent, a root batch to the store. A root batch with writes
  // takes the transaction mutex as Lock does, unless `locked` says that the caller holds it.
  // After kFull the batch is as it was. After kConflict it is closed, and `changed` has some of the
  // keys that others have changed.
  Status Commit(Batch* batch, bool locked, Clock::duration limit, int* holder,
                Store::Changed* changed);
  void Discard(Batch* batch);

  // The version that the batch's root sees.
  Version VersionOf(const Batch* batch) const { return batch->version; }
  // Copies digests of keys that the batch's root has read, from the one at index `from` on, as many
  // as have room. Returns how many, and whether the root has scanned.
  size_t CopyReads(const Batch* batch, size_t from, std::span<uint8_t> target, bool* scanned);

  // See Cursor::Start.
  Cursor* StartCursor(const Batch* batch, KeyFilter filter, bool keys_only);
  int Next(Cursor* cursor, Cursor::Chunk* chunk);
  void EndCursor(Cursor* cursor);

  // Frees some entries that nobody can see. Returns how many are still unexamined.
  size_t Reclaim();

  struct Usage {
    int thread_id;
    size_t batches;
    size_t snapshots;
    Clock::time_point oldest;  // since when the oldest is pinned; max if there is none
  };
  // From any thread, and without waiting for a call under way.
  Usage GetUsage() const;
  Store::Stats StoreStats() { return store_->GetStats(); }
  template <typename Function>
  void ForEachUsage(Function&& function) {
    store_->ForEachSession([&](Session& session) { function(session.GetUsage()); });
  }

  // For Store::Close, from any thread. Forgets every batch without freeing its
  // entries: the store frees them.
  void Abandon() EXCLUDES(mutex_);

  // Its place in the list of the store, which alone uses this.
  std::optional<std::list<Session*>::iterator> listed;

 private:
  // How many superseded entries a commit or discard frees on its way, at the least.
  static constexpr size_t kReclaimStep = 64;
  // How many closed batches are kept to be used again.
  static constexpr size_t kIdleBatches = 64;

  Session(std::shared_ptr<Store> store, int thread_id);

  bool Usable(const Batch* batch) const REQUIRES(mutex_) { return batch->open && !abandoned_; }
  // Null if memory cannot be allocated.
  Batch* NewBatch(Batch* parent, bool writable) REQUIRES(mutex_);
  // Frees closed batches until `kept` are left, but at most `most`.
  void FreeIdle(size_t kept, size_t most) REQUIRES(mutex_);
  const Entry* FindPending(const Batch* batch, const Digest& digest, Tag tag, bool* pending) const
      REQUIRES(mutex_);
  const Entry* Find(const Batch* batch, const Digest& digest) REQUIRES(mutex_);
  Status Write(Batch* batch, const Digest& digest, Ref ref) REQUIRES(mutex_);
  Status MergeIntoParent(Batch* batch) REQUIRES(mutex_);
  // The caller holds the transaction mutex; `unlock` gives it back.
  Status CommitToStore(Batch* batch, bool unlock, Store::Changed* changed) REQUIRES(mutex_);
  // Null if memory cannot be allocated.
  ReadSet* NewReadSet() REQUIRES(mutex_);
  void EndReadSet(ReadSet* reads) REQUIRES(mutex_);
  // Closes the batch and its children. Releases its pin, unless a commit has (not `pinned`).
  void Close(Batch* batch, bool pinned) REQUIRES(mutex_);
  void DestroyWrites(Batch* batch) REQUIRES(mutex_);
  // Examines up to `limit` superseded entries. What is left then, another thread examines.
  void Reclaim(size_t limit) REQUIRES(mutex_);

  const std::shared_ptr<Store> store_;
  TransactionMutex::Party party_;
  // Its place in the queue when it waits without sleeping.
  TransactionMutex::Party place_;

  OwnerMutex mutex_;
  bool abandoned_ GUARDED_BY(mutex_) = false;
  // The open root batches, linked like those nested in a batch.
  Batch* roots_ GUARDED_BY(mutex_) = nullptr;
  // Closed batches, to be used again, linked through next_sibling.
  Batch* idle_ GUARDED_BY(mutex_) = nullptr;
  size_t idle_count_ GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Cursor>> cursors_ GUARDED_BY(mutex_);
  // A read set that is not in use: mostly there is one at a time.
  std::unique_ptr<ReadSet> spare_reads_ GUARDED_BY(mutex_);
  // Of the last commit of this thread.
  uint64_t over_limit_ = 0;

  // Changed under the mutex; their numbers are read without it.
  OpenSnapshots snapshots_;
  std::atomic<size_t> batches_{0};
};

}  // namespace memdb

#endif  // MEMDB_CORE_SESSION_H_
