using AutonomOS.Jobs;

namespace Partywall.AutonomOS.Tests;

public sealed class SettleReplayTests
{
    [Fact]
    public void TryParse_FenceAsHandlersAreShownIt_IsRead()
    {
        Assert.True(SettleReplay.TryParse("3-2-00ff00ff00ff00ff", out var fence));
        Assert.Equal(new Fence(3, 2, "00ff00ff00ff00ff"), fence);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1-2")]
    [InlineData("1-2-")]
    [InlineData("-1-2-3")]
    [InlineData("x-2-00ff")]
    [InlineData("1-x-00ff")]
    [InlineData("1-2-3-4")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(SettleReplay.TryParse(text, out _));
}
