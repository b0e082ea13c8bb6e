#ifndef MEMDB_CORE_PAGE_SUPPLY_H_
#define MEMDB_CORE_PAGE_SUPPLY_H_

#include <cstddef>
#include <memory>

namespace memdb {

// Prepares one piece of memory ahead of need: a short-lived thread maps and touches it, as
// huge pages if the OS has them. The first touch of a huge page can take milliseconds,
// and no call should wait for that. Not safe to use from two threads at once.
class PageSupply {
 public:
  // Its pieces come from MapPages(size).
  explicit PageSupply(size_t size) : size_(size) {}
  ~PageSupply() { Drop(); }
  PageSupply(const PageSupply&) = delete;
  PageSupply& operator=(const PageSupply&) = delete;

  // Starts to prepare a piece, unless there is one. Does nothing if memory cannot be allocated.
  void Prepare();
  // Returns a prepared piece, which the caller owns then, or null.
  void* Take();
  // Frees a prepared piece; a piece in preparation frees itself.
  void Drop();

  // Whether there is a piece, ready or not.
  bool has_piece() const { return piece_ != nullptr; }

  // How many pieces of all supplies exist that nobody took, including those in preparation. For
  // tests.
  static int pieces();

 private:
  struct Piece;

  const size_t size_;
  // Shared with the thread, which may outlive the supply.
  std::shared_ptr<Piece> piece_;
};

}  // namespace memdb

#endif  // MEMDB_CORE_PAGE_SUPPLY_H_
