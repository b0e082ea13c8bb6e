#ifndef MEMDB_TEST_USER_H_
#define MEMDB_TEST_USER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/session.h"

namespace memdb::test {

using Pairs = std::map<std::string, std::string>;

// The digest that stands for a key of the tests.
Digest DigestOf(std::string_view key);

// A session, with texts for keys and values. Every unexpected result fails the test.
class User {
 public:
  // Of a new store.
  explicit User(uint64_t max_bytes = UINT64_MAX, int thread_id = 0);
  // Of another user's.
  User(const User& other, int thread_id);
  explicit User(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  Session& session() { return *session_; }
  Session* operator->() { return session_.get(); }
  // Ends the session.
  void Leave() { session_ = nullptr; }

  Batch* Begin(bool writable = true);
  Batch* BeginOptimistic();
  Batch* BeginNested(Batch* parent, bool writable = true);
  std::optional<std::string> Get(const Batch* batch, std::string_view key);
  std::vector<std::optional<std::string>> GetMany(const Batch* batch,
                                                  const std::vector<std::string>& keys);
  Status TryPut(Batch* batch, std::string_view key, std::string_view value);
  Status TryDelete(Batch* batch, std::string_view key);
  // As long as it takes to get the transaction mutex.
  Status TryCommit(Batch* batch, bool locked = false);
  // The keys that the last commit found changed, or digests where the store has no key any more.
  const std::vector<std::string>& changed() const { return changed_; }
  void Put(Batch* batch, std::string_view key, std::string_view value);
  void Delete(Batch* batch, std::string_view key);
  void Commit(Batch* batch, bool locked = false);
  void Discard(Batch* batch) { session_->Discard(batch); }

  // What an iteration shows. A key that comes twice fails the test.
  Pairs All(const Batch* batch);
  // What a new batch sees.
  Pairs Now();
  // The next chunk of an iteration, into `pairs`; false at the end.
  bool Next(Cursor* cursor, size_t pairs_at_most, size_t bytes_at_most, Pairs* pairs);

  // Until nothing is unexamined.
  void ReclaimAll();
  Store::Stats Stats() { return session_->StoreStats(); }

 private:
  std::unique_ptr<Session> session_;
  std::vector<std::string> changed_;
};

}  // namespace memdb::test

#endif  // MEMDB_TEST_USER_H_
