using System.Diagnostics;
using Partywall.History;

namespace Partywall.Tests.History;

public sealed class RunClockTests
{
    [Fact]
    public void ToNs_OneSecondAfterTheOrigin_IsABillion() =>
        Assert.Equal(1_000_000_000, new RunClock(12_345).ToNs(12_345 + Stopwatch.Frequency));

    [Fact]
    public void ToNs_BeforeTheOrigin_IsNegative() =>
        Assert.Equal(-2_000_000_000, new RunClock(0).ToNs(-2 * Stopwatch.Frequency));

    [Fact]
    public void ToNs_YearsAfterTheOrigin_DoesNotOverflow() =>
        Assert.Equal(10L * 365 * 86_400 * 1_000_000_000, new RunClock(0).ToNs(10L * 365 * 86_400 * Stopwatch.Frequency));
}
