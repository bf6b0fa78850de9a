// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// An error on its way into a `result`, spelt like std::unexpected of C++23.
template <class E>
class unexpected {
public:
    constexpr explicit unexpected(E error) : error_(std::move(error)) {}

    [[nodiscard]] constexpr E const& error() const& noexcept { return error_; }
    [[nodiscard]] constexpr E&& error() && noexcept { return std::move(error_); }

private:
    E error_;
};

/// A value, or the reason why there is none: the part of C++23's std::expected that this library needs, in
/// its spelling, so that it can be replaced by it one day.
///
/// Both types must be default-constructible, because both are always there: what it holds are small plain
/// values, and a `result` of trivially copyable types is then trivially copyable itself. To read the value of
/// an error, or the error of a value, is a mistake of the caller's that yields a default-constructed object,
/// never undefined behaviour.
template <class T, class E>
class [[nodiscard]] result {
    static_assert(!std::is_same_v<T, E>, "a value and an error of one type could not be told apart");

public:
    using value_type = T;
    using error_type = E;
    using unexpected_type = unexpected<E>;

    constexpr result(T value) : value_(std::move(value)), has_value_(true) {}
    constexpr result(unexpected<E> failure) : error_(std::move(failure).error()) {}

    [[nodiscard]] constexpr bool has_value() const noexcept { return has_value_; }
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value_; }

    [[nodiscard]] constexpr T const& operator*() const& noexcept { return value_; }
    [[nodiscard]] constexpr T& operator*() & noexcept { return value_; }
    [[nodiscard]] constexpr T&& operator*() && noexcept { return std::move(value_); }
    [[nodiscard]] constexpr T const* operator->() const noexcept { return &value_; }
    [[nodiscard]] constexpr T* operator->() noexcept { return &value_; }

    [[nodiscard]] constexpr E const& error() const noexcept { return error_; }

    template <class U>
    [[nodiscard]] constexpr T value_or(U&& other) const&
    {
        return has_value_ ? value_ : static_cast<T>(std::forward<U>(other));
    }

    // clang-format off
    friend constexpr bool operator==(result const& a, result const& b)
        requires(std::equality_comparable<T> && std::equality_comparable<E>)
    // clang-format on
    {
        return a.has_value_ == b.has_value_ && (a.has_value_ ? a.value_ == b.value_ : a.error_ == b.error_);
    }

private:
    T value_{};
    E error_{};
    bool has_value_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
