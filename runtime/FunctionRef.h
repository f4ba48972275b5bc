//===- FunctionRef.h - A borrowed callable ---------------------*- C++ -*-===//
//
// A reference to something callable, for parameters: two words, no allocation,
// unlike std::function. It must not outlive what it refers to.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <type_traits>
#include <utility>

namespace quern {

template <typename> class FunctionRef;

template <typename Result, typename... Args>
class FunctionRef<Result(Args...)> {
public:
  FunctionRef() = default;

  template <typename Callable>
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef> &&
           std::is_invocable_r_v<Result, Callable &, Args...>)
      FunctionRef(Callable &&callable)
      : object(const_cast<void *>(static_cast<const void *>(&callable))),
        invoke([](void *object, Args... args) -> Result {
          return (*static_cast<std::remove_reference_t<Callable> *>(object))(
              std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const {
    return invoke(object, std::forward<Args>(args)...);
  }
  explicit operator bool() const { return invoke != nullptr; }

private:
  void *object = nullptr;
  Result (*invoke)(void *, Args...) = nullptr;
};

} // namespace quern
