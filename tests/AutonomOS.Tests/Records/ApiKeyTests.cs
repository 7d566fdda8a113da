using AutonomOS.Records;

namespace AutonomOS.Tests.Records;

/// <summary>The form of keys.</summary>
public sealed class ApiKeyTests
{
    [Fact]
    public void New_GivesAKeyThatParsesAndMatchesItsOwnHashAlone()
    {
        var key = ApiKey.New();
        var other = ApiKey.New();

        Assert.True(ApiKey.TryParse(key.Reveal(), out var parsed));
        Assert.Equal(key.Id, parsed.Id);
        Assert.True(parsed.Matches(key.Hash()));
        Assert.False(other.Matches(key.Hash()));
        Assert.False(key.Matches([]));
        Assert.NotEqual(key.Id, other.Id);
        Assert.DoesNotContain(key.Reveal().Split('.')[1], key.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_WhatHasNotTheFormOfAKey_IsRefused()
    {
        var key = ApiKey.New().Reveal();
        string?[] wrong = [null, "", ".", key + "\n", " " + key, key[1..], key[..^1], key.Replace('.', '-'), key.ToUpperInvariant(), key[..^1] + "=", key[..^1] + "é", new string('a', 64)];
        Assert.All(wrong, text => Assert.False(ApiKey.TryParse(text, out _)));
        Assert.True(ApiKey.TryParse(key, out _));
    }
}
