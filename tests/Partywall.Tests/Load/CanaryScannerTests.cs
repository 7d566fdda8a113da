using System.Text;
using Partywall.Load;

namespace Partywall.Tests.Load;

public sealed class CanaryScannerTests
{
    private static readonly CanaryScanner s_scanner = new(["a", "b", "c"], seed: 1);

    [Fact]
    public void Find_NoCanary_IsNull()
    {
        Assert.Null(s_scanner.Find([]));
        Assert.Null(s_scanner.Find("canary-000000000000000000000000 canary-"u8));
    }

    [Fact]
    public void Find_TwoAmongOtherBytes_NamesBothTenants()
    {
        byte[] bytes = [0xff, 0x00, .. Encoding.ASCII.GetBytes(s_scanner.CanaryOf("c") + s_scanner.CanaryOf("a")), 0xfe];

        Assert.Equal(["a", "c"], s_scanner.Find(bytes));
    }

    [Fact]
    public void Find_AllButItsLastByte_IsNull() =>
        Assert.Null(s_scanner.Find(Encoding.ASCII.GetBytes(s_scanner.CanaryOf("b")[..^1])));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("xy")]
    [InlineData("xyz")]
    public void Find_InsideBase64AtAnyAlignment_NamesTheTenant(string before)
    {
        var text = Convert.ToBase64String(Encoding.ASCII.GetBytes(before + s_scanner.CanaryOf("b") + " and after"));

        Assert.Equal(["b"], s_scanner.Find(Encoding.ASCII.GetBytes($"{{\"payload\":\"{text}\"}}")));
    }

    [Fact]
    public void CanaryOf_SameSeed_IsTheSameAndDiffersBetweenTenants()
    {
        var again = new CanaryScanner(["a", "b", "c"], seed: 1);

        Assert.Equal(s_scanner.CanaryOf("a"), again.CanaryOf("a"));
        Assert.NotEqual(again.CanaryOf("a"), again.CanaryOf("b"));
        Assert.NotEqual(again.CanaryOf("a"), new CanaryScanner(["a"], seed: 2).CanaryOf("a"));
    }
}
