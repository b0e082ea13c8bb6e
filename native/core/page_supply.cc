#include "page_supply.h"

#include <atomic>
#include <exception>
#include <thread>

#include "pages.h"

namespace memdb {

namespace {

std::atomic<int> live_pieces{0};

void Touch(void* memory, size_t size) {
  constexpr size_t kPage = 4096;
  for (size_t at = 0; at < size; at += kPage) static_cast<volatile char*>(memory)[at] = 0;
}

}  // namespace

struct PageSupply::Piece {
  enum State { kUnderWay, kReady, kUnwanted };

  Piece() { live_pieces.fetch_add(1, std::memory_order_relaxed); }
  ~Piece() { live_pieces.fetch_sub(1, std::memory_order_relaxed); }

  std::atomic<State> state{kUnderWay};
  // Written before kReady. Null if it cannot be allocated.
  void* memory = nullptr;
};

void PageSupply::Prepare() {
  if (piece_ != nullptr) return;
  try {
    auto piece = std::make_shared<Piece>();
    std::thread([piece, size = size_] {
      piece->memory = MapPages(size);
      if (piece->memory != nullptr) {
        PreferHugePages(piece->memory, size);
        Touch(piece->memory, size);
      }
      Piece::State under_way = Piece::kUnderWay;
      // Release: a thread that reads kReady sees the memory.
      if (!piece->state.compare_exchange_strong(under_way, Piece::kReady, std::memory_order_release,
                                                std::memory_order_relaxed) &&
          piece->memory != nullptr) {
        UnmapPages(piece->memory, size);
      }
    }).detach();
    piece_ = std::move(piece);
  } catch (const std::exception&) {
    // There is no memory, or no thread.
  }
}

void* PageSupply::Take() {
  if (piece_ == nullptr || piece_->state.load(std::memory_order_acquire) != Piece::kReady) {
    return nullptr;
  }
  void* const memory = piece_->memory;
  piece_.reset();
  return memory;
}

int PageSupply::pieces() {
  return live_pieces.load(std::memory_order_relaxed);
}

void PageSupply::Drop() {
  if (piece_ == nullptr) return;
  if (piece_->state.exchange(Piece::kUnwanted, std::memory_order_acquire) == Piece::kReady &&
      piece_->memory != nullptr) {
    UnmapPages(piece_->memory, size_);
  }
  piece_.reset();
}

}  // namespace memdb
