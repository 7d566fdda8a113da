namespace Partywall.Cli.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("Say what to do: run, list or check.")]
    [InlineData("There is no command 'frobnicate'.", "frobnicate")]
    [InlineData("There is no suite or scenario 'stress/quot'. Did you mean 'stress/quota'?", "run", "stress/quot")]
    [InlineData("There is no option '--sed'. Did you mean '--seed'?", "run", "--sed", "3")]
    [InlineData("--seed x: not a whole number", "run", "--seed", "x")]
    [InlineData("--seed -1: not a whole number", "run", "--seed", "-1")]
    [InlineData("--tenants 1: at least 2", "run", "--tenants", "1")]
    [InlineData("There is no target 'modle'. Did you mean 'model'?", "run", "--target", "modle")]
    [InlineData("There is no bug to plant in model, 'sixt-body'. Did you mean 'sixth-body'?", "run", "--target", "model", "--plant", "sixt-body")]
    [InlineData("No bug can be planted in the target autonomos. Plant it in one of: model", "run", "--plant", "sixth-body")]
    [InlineData("--store nowhere: not an address", "run", "--store", "nowhere")]
    [InlineData("The target model has no store to choose", "run", "--target", "model", "--store", "127.0.0.1:6379")]
    [InlineData("There is no profile 'fast'. Known: quick, standard.", "run", "--profile", "fast")]
    [InlineData("Required argument missing for option: '--out'", "run", "--out")]
    [InlineData("Cannot read the history nowhere.jsonl", "check", "nowhere.jsonl")]
    public async Task Run_BadCommandLine_OneClearLineAnd64(string words, params string[] args)
    {
        using var partywall = new PartywallProcess();

        var said = await partywall.RunAsync(args);

        Assert.Equal(64, said.ExitCode);
        Assert.Empty(said.Output);
        Assert.Contains(words, Assert.Single(said.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal([partywall.Temporary], Directory.EnumerateFileSystemEntries(partywall.Directory));
    }

    [Fact]
    public async Task Run_OutIsNotEmpty_64AndNothingTouched()
    {
        using var partywall = new PartywallProcess();
        var mine = Directory.CreateDirectory(Path.Combine(partywall.Directory, "mine"));
        await File.WriteAllTextAsync(Path.Combine(mine.FullName, "precious"), "kept", TestContext.Current.CancellationToken);

        var said = await partywall.RunAsync("run", "stress/quota", "--target", "model", "--out", "mine");

        Assert.Equal(64, said.ExitCode);
        Assert.Contains("not empty", said.Error, StringComparison.Ordinal);
        Assert.Equal("precious", Assert.Single(mine.EnumerateFileSystemInfos()).Name);
    }

    [Fact]
    public async Task Help_OfEachCommand_IsThereAndExitsWith0()
    {
        using var partywall = new PartywallProcess();

        var root = await partywall.RunAsync("--help");
        var run = await partywall.RunAsync("run", "--help");

        Assert.Equal((0, 0), (root.ExitCode, run.ExitCode));
        Assert.Contains("Exit codes:", root.Output, StringComparison.Ordinal);
        Assert.Contains("partywall run stress", root.Output, StringComparison.Ordinal);
        Assert.Contains("--plant <BUG>", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_Always_NamesScenariosChecksTargetsAndBugs()
    {
        using var partywall = new PartywallProcess();

        var said = await partywall.RunAsync("list");

        Assert.Equal(0, said.ExitCode);
        Assert.All(
            ["suite stress", "stress/isolation-under-load", "stress/quota", "slots.bound", "target autonomos (default)", "target model", "sixth-body"],
            word => Assert.Contains(word, said.Output, StringComparison.Ordinal));
    }
}
