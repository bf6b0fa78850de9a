// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a cluster may turn out not to be able to do. Its answers tell, see `refusal`.
enum class capability : std::uint8_t {
    forwarding,         ///< forwards by a request field: Vault answers 400 unless it was configured to
    await_state,        ///< knows `X-Vault-Inconsistent: await-state`, as OpenBao does
    several_indices,    ///< takes more than one `X-Vault-Index`, as Vault does
    consistency_fields, ///< answers writes with an index: as Vault Enterprise does from 1.7 on and OpenBao
                        ///< from 2.7 on, unless a proxy strips the field
};

/// A sentence for people, who are told that it is missing.
[[nodiscard]] constexpr std::string_view to_string(capability what) noexcept
{
    switch (what) {
    case capability::forwarding: return "The cluster is not configured to forward by a request field.";
    case capability::await_state: return "The cluster does not know the field value await-state.";
    case capability::several_indices: return "The cluster takes no more than one index with a request.";
    case capability::consistency_fields:
        return "The cluster answers writes without an index, so nothing can be required of its reads.";
    }
    return "The cluster lacks something.";
}

/// What is known not to be there in one cluster: learned from its answers, and kept for a while, since it may
/// be configured otherwise or upgraded meanwhile. What nothing is known of counts as there. A plain value for
/// one cluster, to be assigned `{}` when it is another one; one thread at a time.
class capabilities {
public:
    /// How long it is known, counted from the last answer that said so. Who asks in vain once in ten minutes
    /// pays one needless request.
    static constexpr duration memory = std::chrono::minutes(10);

    /// Answered writes in a row without an index. One or two prove nothing: Vault answers an index only to
    /// what has changed its storage, and a tidy-up or a write of what was there already may not have.
    static constexpr std::uint8_t writes_that_tell = 3;

    [[nodiscard]] constexpr bool lacks(capability what, time_point now) const noexcept
    {
        return now < missing_until_[place_of(what)];
    }

    /// An answer says that this is missing. Returns it if that is news: it was not known at `now`. Who
    /// reports nothing else reports it once for as long as it is known.
    constexpr std::optional<capability> note_missing(capability what, time_point now) noexcept
    {
        bool const is_news = !lacks(what, now);
        missing_until_[place_of(what)] = later(now, memory);
        return is_news ? std::optional(what) : std::nullopt;
    }

    /// An answer shows that this is there.
    constexpr void note_present(capability what) noexcept
    {
        missing_until_[place_of(what)] = time_point::min();
    }

    /// A write was answered with 2xx, with an index or without. Returns `consistency_fields` if that makes it
    /// news that they are missing. While such writes go on it stays known, and is no news. Where an index has
    /// been seen once, writes without are those that change no storage, as of `transit/encrypt`.
    constexpr std::optional<capability> note_write(bool had_index, time_point now) noexcept
    {
        if (had_index) {
            has_shown_fields_ = true;
            note_present(capability::consistency_fields);
        }
        if (has_shown_fields_)
            return std::nullopt;
        if (!lacks(capability::consistency_fields, now) && ++writes_without_index_ < writes_that_tell)
            return std::nullopt;
        writes_without_index_ = 0;
        return note_missing(capability::consistency_fields, now);
    }

    friend constexpr bool operator==(capabilities const&, capabilities const&) noexcept = default;

private:
    static constexpr std::size_t count = 4;

    [[nodiscard]] static constexpr std::size_t place_of(capability what) noexcept
    {
        return static_cast<std::size_t>(what);
    }

    time_point missing_until_[count] = {time_point::min(), time_point::min(), time_point::min(),
                                        time_point::min()};
    std::uint8_t writes_without_index_ = 0;
    bool has_shown_fields_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
