// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/inline_string.hpp>
#include <afterwrite/bytes/sha256.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/openbao_index.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The state that a cached answer was fetched at: it lies in the cache beside the answer, and tells to whom
/// that may be served.
///
/// The state is what the request had carried, and no more. A node that honours a request has at least that
/// state when it answers, so the answer shows it. The index that an answer itself brings proves nothing of
/// its data: OpenBao puts it on after it has read, when the node may be further, and Vault's reads bring
/// none (facts: `protocol.md` 1, `session.md` B11). Nor is more proven by an answer that was fetched behind
/// a fence, or from the active node: whose data it shows depends on who was active then.
///
/// What the cache has to do, which no type can:
///
/// - Make the key without X-Vault-Index, X-Vault-Inconsistent and X-Vault-Forward, or nothing is ever found.
///   All else that changes the answer belongs into it: the address set, the namespace, whose token it is.
/// - Store answers that were delivered as `reason::answered`, and no others.
/// - Keep X-Vault-Index out of what is stored. On an answer from the cache it would be an old index that
///   looks new: a client that assigns instead of merging would forget what it had, and `session::record`
///   would take a fence away, or a value for superseded. So no answer from the cache is recorded at all.
/// - Ask the server where a request is to go to the active node, or where a client's own index could not be
///   read and so is not in `required`.
/// - After a regression (`recorded::regressed`), drop what it holds of that cluster, unless all its callers'
///   sessions are of one store: epochs are counted by each session, and by a store for all.
///
/// A trivially copyable value without pointers: it may lie in shared memory, between programs of one version
/// of this library. As thread-safe as an int.
class cached_state {
public:
    /// Fetched at no known state: serves where nothing is required.
    cached_state() noexcept = default;

    /// Of an answer that was delivered; `carried` is what `exchange::carried` says after it. What could not
    /// be checked by a node proves nothing: the states of several clusters, or several values of OpenBao.
    explicit cached_state(required_states const& carried) noexcept
    {
        cluster_demand const* demand = nullptr;
        for (std::uint8_t i = 0; i < carried.clusters(); ++i) {
            if (carried[i].size() == 0)
                continue;
            if (demand != nullptr)
                return;
            demand = &carried[i];
        }
        if (demand == nullptr) {
            if (!carried.unplaced().text().empty())
                keep_text(carried.unplaced().text());
            return;
        }
        cluster_ = demand->cluster();
        epoch_ = demand->history().epoch();
        if (demand->form() == dialect::vault) {
            proof_ = proof::position;
            position_ = demand->position();
        } else if (demand->size() == 1) {
            keep_openbao(demand->text(0));
        }
    }

    /// Whether the answer may be served to a request that requires this: whether each node that has the state
    /// it was fetched at also has all that is required. Never behind a fence, never across clusters or
    /// epochs, and not before a regression is accepted. A text of neither dialect, or with fields that are
    /// not known, is only met by that same text.
    ///
    /// `required` is what would be required of a node: `session.required(view)`.
    [[nodiscard]] bool usable_for(required_states const& required) const noexcept
    {
        return !required.fenced() && !required.has_regressed() && covers(required);
    }

    /// The server said once more that the answer holds (304), to a request that had carried this. The state
    /// becomes the one that was carried, unless it has been beyond that before. Returns whether it changed
    /// and has to be stored again.
    ///
    /// Of two states without order the new one counts, and not their join: each was shown to give this answer
    /// by a node of its own, and no node is known to have had both.
    bool revalidate(required_states const& carried) noexcept
    {
        cached_state const now(carried);
        if (now.proof_ == proof::none || covers(carried))
            return false;
        *this = now;
        return true;
    }

    /// Of which cluster it was fetched; empty if that is not known.
    [[nodiscard]] cluster_id const& cluster() const noexcept { return cluster_; }

    friend bool operator==(cached_state const&, cached_state const&) noexcept = default;

private:
    /// What is known of the node that answered.
    enum class proof : std::uint8_t {
        none,
        position, ///< Vault: it had reached `position_`
        value,    ///< OpenBao: it had reached the value in `value_`
        text,     ///< it had honoured the text whose digest is in `value_`
    };

    using value_text = inline_string<opaque_index::max_value_size>;

    /// Which history of its cluster the answer shows. (Here epochs are compared, and nowhere else.)
    [[nodiscard]] bool is_of_same_history(cluster_demand const& demand) const noexcept
    {
        return epoch_ == demand.history().epoch();
    }

    /// As `usable_for`, but for what no state can meet.
    [[nodiscard]] bool covers(required_states const& required) const noexcept
    {
        bool has_state = false;
        for (std::uint8_t i = 0; i < required.clusters(); ++i) {
            auto const& demand = required[i];
            bool const is_here = demand.cluster() == cluster_;
            if (is_here && !is_of_same_history(demand))
                return false;
            if (demand.size() > 0 && !(is_here && reaches(demand)))
                return false;
            has_state = has_state || demand.size() > 0;
        }
        auto const text = required.unplaced().text(); // sent, and so required, where nothing else is
        return has_state || text.empty() || has_text(text);
    }

    [[nodiscard]] bool reaches(cluster_demand const& demand) const noexcept
    {
        if (demand.form() == dialect::vault)
            return proof_ == proof::position && demand.position() <= position_;
        for (std::uint8_t i = 0; i < demand.size(); ++i)
            if (!reaches_openbao(demand.text(i)))
                return false;
        return true;
    }

    [[nodiscard]] bool reaches_openbao(std::string_view text) const noexcept
    {
        if (proof_ != proof::value)
            return has_text(text);
        auto const index = decode_openbao_index(text);
        return index && *index <= opaque_index{.cluster = cluster_, .value = value_};
    }

    [[nodiscard]] bool has_text(std::string_view text) const noexcept
    {
        return proof_ == proof::text && value_ == digest_of(text);
    }

    void keep_openbao(std::string_view text) noexcept
    {
        auto const index = decode_openbao_index(text);
        if (!index || index->has_unknown_fields)
            return keep_text(text);
        proof_ = proof::value;
        value_ = index->value;
    }

    void keep_text(std::string_view text) noexcept
    {
        proof_ = proof::text;
        value_ = digest_of(text);
    }

    /// A text may be longer than there is room for. Nobody can find another one of the same digest.
    [[nodiscard]] static value_text digest_of(std::string_view text) noexcept
    {
        auto const digest = sha256().update(text).finish();
        char bytes[sizeof digest];
        std::transform(digest.begin(), digest.end(), bytes,
                       [](auto byte) { return static_cast<char>(byte); });
        return value_text(std::string_view(bytes, sizeof bytes));
    }

    cluster_id cluster_{};
    proof proof_ = proof::none;
    value_text value_{};
    std::uint32_t epoch_ = 0;
    wal_position position_{};
};

static_assert(std::is_trivially_copyable_v<cached_state> && std::is_standard_layout_v<cached_state>);
static_assert(sizeof(cached_state) <= 160, "each answer in a cache pays for it");

} // namespace afterwrite::inline AFTERWRITE_VERSION
