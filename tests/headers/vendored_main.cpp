// SPDX-License-Identifier: BSL-1.0
void first_copy();
void second_copy();

int main()
{
    first_copy();
    second_copy();
}
