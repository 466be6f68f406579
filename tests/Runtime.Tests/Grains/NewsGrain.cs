using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Utilities;

namespace Mesh.Runtime.Tests.Grains;

public interface IReader : IGrainObserver
{
    [OneWay]
    Task Read(int number);

    Task<string> Answer(string question);
}

public interface INews : IGrainWithStringKey
{
    Task<int> Subscribe(IReader reader);

    Task Unsubscribe(IReader reader);

    Task<int> Publish(int number);

    Task<string> Ask(IReader reader, string question);
}

public class NewsGrain : Grain, INews
{
    private readonly ObserverManager<IReader> _readers;

    public NewsGrain(TimeProvider time, ILogger<NewsGrain> log) =>
        _readers = new(TimeSpan.FromMinutes(3), log) { GetDateTime = () => time.GetUtcNow().UtcDateTime };

    public Task<int> Subscribe(IReader reader)
    {
        _readers.Subscribe(reader, reader);
        return Task.FromResult(_readers.Count);
    }

    public Task Unsubscribe(IReader reader)
    {
        _readers.Unsubscribe(reader);
        return Task.CompletedTask;
    }

    public async Task<int> Publish(int number)
    {
        await _readers.Notify(reader => reader.Read(number));
        return _readers.Count;
    }

    public Task<string> Ask(IReader reader, string question) => reader.Answer(question);
}
