using Partywall.Checks;
using Partywall.Scenarios;
using Partywall.Scenarios.Stress;

namespace Partywall.Tests.Scenarios;

public sealed class ScenarioCatalogueTests
{
    public static TheoryData<RunProfile> Profiles => [.. Enum.GetValues<RunProfile>()];

    [Fact]
    public void All_Names_AreUniqueAndHaveASuite()
    {
        Assert.Distinct(ScenarioCatalogue.All.Select(static s => s.Name));
        Assert.All(ScenarioCatalogue.All, static s => Assert.Matches(@"\A[a-z]+/[a-z-]+\z", s.Name));
    }

    [Fact]
    public void All_Checks_Exist() =>
        Assert.All(ScenarioCatalogue.All.SelectMany(static s => s.Checks), static name => Assert.True(CheckCatalogue.TryGet(name, out _), name));

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Variants_OfEach_LetTheirClaimBeSeen(RunProfile profile)
    {
        foreach (var variant in ScenarioCatalogue.All.SelectMany(s => s.Variants(new ScenarioSize(profile))))
        {
            Assert.NotEmpty(variant.Why);
            Assert.Distinct(variant.Tenants.Select(static t => t.Id));
            Assert.True(
                variant.Demands.AtLimit.Count == 0 || variant.Workers * variant.SlotsPerWorker > variant.Tenants.Sum(static t => t.MaxConcurrent),
                "Tenants are to be seen at their limits, but the pool binds before the limits do.");
            Assert.All(variant.Demands.AtLimit, id => Assert.Contains(variant.Tenants, t => t.Id == id));
            Assert.True(variant.Demands.TenantsOverlapping > 1);
            Assert.True(variant.Demands.CompletedAtLeast > 0);
            Assert.True(variant.Submissions > variant.Tenants.Count);
        }
    }

    [Fact]
    public void Find_Suite_FindsAllOfIt()
    {
        var suite = ScenarioCatalogue.All.Where(static s => s.Name.Split('/')[0] == "stress").ToList();

        Assert.True(suite.Count > 1);
        Assert.Equal(suite, ScenarioCatalogue.Find("stress"));
    }

    [Theory]
    [InlineData("stress/quota", 1)]
    [InlineData("stress/quo", 0)]
    [InlineData("str", 0)]
    [InlineData("", 0)]
    public void Find_Word_FindsAScenarioByItsWholeNameOnly(string word, int count) =>
        Assert.Equal(count, ScenarioCatalogue.Find(word).Count);

    [Theory]
    [InlineData(1)]
    [InlineData(1_001)]
    public void Size_TenantsOutOfRange_Throws(int tenants) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ScenarioSize(RunProfile.Quick, tenants));

    [Theory]
    [InlineData("0199c0de-0000-7abc-9def-00112233aabb")]
    [InlineData("JOB-ZZZZ-999")]
    [InlineData("x")]
    public void AbsentLike_AnyId_IsAnotherOfTheSameShape(string id)
    {
        var random = new Random(3);
        for (var i = 0; i < 100; i++)
        {
            var absent = CrossTenantProbe.AbsentLike(id, random);

            Assert.NotEqual(id, absent);
            Assert.Equal(id.Length, absent.Length);
            Assert.Equal(id.Select(char.IsAsciiHexDigitLower), absent.Select(char.IsAsciiHexDigitLower));
        }
    }
}
