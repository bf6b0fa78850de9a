// SPDX-License-Identifier: BSL-1.0
#include "oracle.hpp"

#include "cluster/codec.hpp"

namespace simulation {

namespace {

index_meaning meaning_of(std::string_view text)
{
    if (auto const vault = cluster::decode_vault_index(text, nullptr); vault.index)
        return {true, true, vault.index->cluster, vault.index->where, false};
    auto const bao = cluster::decode_openbao_index(text);
    if (!bao.index)
        return {};
    auto const& value = bao.index->value;
    auto const decimal = cluster::parse_decimal(value);
    auto const number = decimal ? decimal : cluster::parse_lsn(value);
    return {true, false, bao.index->cluster, {number.value_or(0), 0}, !decimal};
}

} // namespace

index_meaning const& index_book::read(std::string_view text)
{
    if (last_ != nullptr && last_->first == text)
        return last_->second;
    auto const found = known_.find(text);
    last_ = found != known_.end() ? &*found : &*known_.emplace(std::string(text), meaning_of(text)).first;
    return last_->second;
}

} // namespace simulation
