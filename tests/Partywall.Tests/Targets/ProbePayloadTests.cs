using System.Text;
using Partywall.Targets;

namespace Partywall.Tests.Targets;

public sealed class ProbePayloadTests
{
    [Fact]
    public void TryParse_WhatToJsonWrote_IsTheSame()
    {
        var payload = new ProbeJob { Label = "j1", DurationMs = 250, ProgressSteps = 3, FailFirstAttempts = 2, Canary = "canary-ü" }.Payload;

        Assert.True(ProbePayload.TryParse(payload.ToJson(), out var read, out _));
        Assert.Equal(payload, read);
    }

    [Theory]
    [InlineData("", "Not a probe payload")]
    [InlineData("null", "null")]
    [InlineData("{}", "label")]
    [InlineData("{\"label\":\"\"}", "label")]
    [InlineData("{\"label\":\"j\",\"durationMs\":-1}", "durationMs")]
    [InlineData("{\"label\":\"j\",\"durationMs\":3600001}", "durationMs")]
    [InlineData("{\"label\":\"j\",\"progressSteps\":101}", "progressSteps")]
    [InlineData("{\"label\":\"j\",\"failFirstAttempts\":-1}", "failFirstAttempts")]
    [InlineData("{\"label\":\"j\",\"surprise\":1}", "surprise")]
    public void TryParse_NotOne_SaysWhy(string json, string reason)
    {
        Assert.False(ProbePayload.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }
}
