#ifndef MEMDB_CORE_PAGE_SUPPLY_H_
#define MEMDB_CORE_PAGE_SUPPLY_H_

#include <cstddef>
#include <memory>

namespace memdb {

// One piece of memory ahead of need: a thread of its own maps it and touches it, as
// huge pages where the system has them. The first touch of such a page can take
// milliseconds, which no call should wait for. To be used by one thread at a time.
class PageSupply {
 public:
  // Of pieces as MapPages gives them.
  explicit PageSupply(size_t size) : size_(size) {}
  ~PageSupply() { Drop(); }
  PageSupply(const PageSupply&) = delete;
  PageSupply& operator=(const PageSupply&) = delete;

  // Begins to get a piece ready, if none is, or does nothing for want of memory.
  void Prepare();
  // A piece that is ready, the caller's now, or null.
  void* Take();
  // Frees what is ready; what is under way frees itself.
  void Drop();

  // How many pieces there are that nobody took, of all supplies, those under way among them; for
  // tests.
  static int pieces();

 private:
  struct Piece;

  const size_t size_;
  // The thread's as well, which may outlive the supply.
  std::shared_ptr<Piece> piece_;
};

}  // namespace memdb

#endif  // MEMDB_CORE_PAGE_SUPPLY_H_
