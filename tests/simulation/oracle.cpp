// SPDX-License-Identifier: BSL-1.0
#include "oracle.hpp"

#include "cluster/codec.hpp"

namespace simulation {

index_meaning const& index_book::read(std::string_view text)
{
    if (auto const found = known_.find(text); found != known_.end())
        return found->second;
    index_meaning meaning;
    if (auto const vault = cluster::decode_vault_index(text, nullptr); vault.index) {
        meaning = {true, true, vault.index->cluster, vault.index->where};
    } else if (auto const bao = cluster::decode_openbao_index(text); bao.index) {
        auto const& value = bao.index->value;
        auto const decimal = cluster::parse_decimal(value);
        auto const number = decimal ? decimal : cluster::parse_lsn(value);
        meaning = {true, false, bao.index->cluster, {number.value_or(0), 0}};
    }
    return known_.emplace(std::string(text), std::move(meaning)).first->second;
}

} // namespace simulation
