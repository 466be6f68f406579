using Mesh.Testing;
using Xunit;

namespace Mesh.Runtime.Tests;

public class TurnTests
{
    [Fact]
    public async Task A_call_reaches_the_grain_of_that_key_and_answers()
    {
        await using var host = await GrainHost.StartAsync();
        Assert.Equal("hello from a", await host.Grains.GetGrain<IGreeter>("a").Greet("hello"));
    }
}

public interface IGreeter : Orleans.IGrainWithStringKey
{
    Task<string> Greet(string word);
}

public sealed class GreeterGrain : Orleans.Grain, IGreeter
{
    public Task<string> Greet(string word) => Task.FromResult($"{word} from {Orleans.GrainExtensions.GetPrimaryKeyString(this)}");
}
