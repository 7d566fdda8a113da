using System.CommandLine;
using AutonomOS.Bench;

var jobs = new Option<int>("--jobs") { Description = "Jobs per measurement, 100 to 1,000,000.", DefaultValueFactory = _ => 20_000 };
var tenants = new Option<int>("--tenants") { Description = "Tenants they are spread over, 1 to 10,000.", DefaultValueFactory = _ => 100 };
var repeats = new Option<int>("--repeats") { Description = "Repeats of every measurement, interleaved, 2 to 100.", DefaultValueFactory = _ => 5 };
var output = new Option<FileInfo>("--out") { Description = "Where the JSON goes.", DefaultValueFactory = _ => new FileInfo("bench-life.json") };
var boundSeconds = new Option<int>("--bound") { Description = "The longest the whole run may take, in seconds.", DefaultValueFactory = _ => 600 };
Range(jobs, 100, 1_000_000);
Range(tenants, 1, 10_000);
Range(repeats, 2, 100);
Range(boundSeconds, 10, 7200);

var root = new RootCommand("Measures how many jobs a second live their whole life (submit, claim, settle) on the embedded store and on redis-server.")
{
    jobs, tenants, repeats, output, boundSeconds,
};
root.SetAction((ParseResult given, CancellationToken cancellation) => BenchRun.RunAsync(
    new BenchOptions(given.GetValue(jobs), given.GetValue(tenants), given.GetValue(repeats), given.GetValue(output)!, TimeSpan.FromSeconds(given.GetValue(boundSeconds))),
    cancellation));
var parsed = root.Parse(args);
var code = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? 64 : code;

static void Range(Option<int> option, int least, int most) => option.Validators.Add(result =>
{
    if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is var value && (value < least || value > most))
    {
        result.AddError($"{option.Name} is from {least} to {most}.");
    }
});
