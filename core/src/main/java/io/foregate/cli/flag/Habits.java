package io.foregate.cli.flag;

import io.foregate.cli.terminal.UsageException;
import io.foregate.gguf.GgmlType;
import io.foregate.quant.format.Quants;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What users of llama.cpp and ollama type out of habit, and what to type here. As data: words, a
 * tab, and the sentence.
 */
public final class Habits {
  /** Commands that there are elsewhere. */
  static final Map<String, String> COMMANDS =
      table(
          """
          serve server llama-server\tForegate has no server: 'foregate chat' talks at a terminal, and the library runs in a process of yours.
          pull download\tForegate downloads nothing: fetch a GGUF file yourself, then 'foregate run -m FILE'.
          push signin login logout\tForegate publishes nothing: a model is a GGUF file, to be copied as any other.
          list ls\tForegate keeps no library of models: a model is a GGUF file, named with -m FILE.
          ps stop\tForegate has no background processes: a model is open while a command runs, and Ctrl-C ends it.
          show info\tUse 'foregate inspect FILE'.
          create\tUse 'foregate convert FOLDER' for a Hugging Face folder, 'foregate quantize' for other types.
          rm cp mv\tA model is a file: use the system's own command.
          cli llama-cli main completion complete generate\tUse 'foregate run -m FILE "Once upon a time"'.
          llama-bench\tUse 'foregate bench'.
          llama-perplexity ppl\tUse 'foregate perplexity'.
          llama-quantize\tUse 'foregate quantize --experts Q4_K IN OUT'.
          llama-gguf-split gguf-split split\tUse 'foregate merge SHARD OUT', or --split-max-size 2G of 'foregate quantize' and 'foregate convert'.
          llama-imatrix imatrix\tUse 'foregate trace --imatrix FILE --text FILE -m MODEL'.
          llama-gguf gguf gguf-dump dump\tUse 'foregate inspect --metadata --tensors FILE'.
          tokenize llama-tokenize detokenize\tForegate prints no tokens of a text; 'foregate eval' takes their ids.
          embedding embeddings embed llama-embedding\tForegate makes text, no embeddings.
          version\tUse 'foregate --version'.
          gpus device list-devices\tUse 'foregate devices'.
          """);

  /**
   * Options that there are elsewhere. Those that mean the same here are aliases, not in this list.
   */
  static final Map<String, String> OPTIONS =
      table(
          """
          -ngl --gpu-layers --n-gpu-layers\tLayers are not shared out here, experts are: --policy lookahead --expert-slots 6GiB says how many stay on the device.
          -cmoe --cpu-moe -ncmoe --n-cpu-moe -ot --override-tensor\tWhere experts are is what --policy and --expert-slots say, e.g. --policy hybrid --expert-slots 25%.
          -hf -hfr --hf-repo -hff --hf-file -hft --hf-token -mu --model-url -dr --docker-repo\tForegate downloads nothing: fetch the GGUF file yourself, then give it with -m FILE.
          -i --interactive -if --interactive-first -cnv --conversation -st --single-turn -ins --instruct\tUse 'foregate chat' for a conversation.
          -no-cnv --no-conversation\t'foregate run' continues the prompt as it is: leave it out.
          --jinja --chat-template --chat-template-file\t'foregate chat' always uses the model's own chat template.
          -fa --flash-attn\tThere is one kind of attention here: leave it out.
          -ctk -ctv --cache-type-k --cache-type-v\tKeys and values have one type here: --kv-type f16 or f32.
          -b --batch-size -ub --ubatch-size\tForegate chooses how many tokens of a prompt go together: leave it out.
          --mlock\tUse --lock, with a --policy: it locks the host's experts in memory.
          --no-mmap -nommp -mmp --mmap\tModels are always mapped: leave it out.
          -dev --device -mg --main-gpu -sm --split-mode -ts --tensor-split\tThere is one device: --backend tornado, or --backend cpu. 'foregate devices' lists what there is.
          --list-devices\tUse 'foregate devices'.
          -tb --threads-batch\tPrompt and text use the same threads: --threads N.
          -C --cpu-mask --cpu-range --cpu-strict --prio --poll --numa\tForegate leaves threads to the system; --threads N says how many.
          -e --escape --no-escape\tPrompts are taken as they are: write line breaks into the prompt, or use --file.
          -r --reverse-prompt\tUse --stop TEXT, which ends the text before it.
          -sp --special\tSpecial tokens are not printed; --parse-special reads them in a prompt.
          --in-prefix --in-suffix --in-prefix-bos -mli --multiline-input\tThe chat template says what stands around a message.
          --prompt-cache --prompt-cache-all --prompt-cache-ro\tUse --session FILE.
          --keep --context-shift --no-context-shift\tA text ends when the context is full: give a larger --ctx.
          --ignore-eos\tA text ends where the model ends it.
          --samplers --sampling-seq --sampler-seq --typical --typical-p --mirostat --mirostat-lr --mirostat-ent --xtc-probability --xtc-threshold --top-n-sigma --top-nsigma --dynatemp-range --dynatemp-exp --adaptive-target\tThis sampler is not there: --temp, --top-k, --top-p and --min-p are.
          --presence-penalty --frequency-penalty --dry-multiplier --dry-base --dry-allowed-length --dry-penalty-last-n -l --logit-bias\tThis penalty is not there: --repeat-penalty is.
          --grammar --grammar-file -j --json-schema -jf --json-schema-file\tForegate does not bind text to a grammar.
          --lora --lora-scaled --control-vector\tForegate applies no adapters: merge them into the model first.
          -md --model-draft --draft --draft-max --draft-min -td\tThere is no speculative decoding here.
          -mm --mmproj --image --audio\tForegate runs models of text only.
          --rope-scaling --rope-scale --rope-freq-base --rope-freq-scale --yarn-orig-ctx --yarn-ext-factor\tThe file says how positions are scaled.
          -np --parallel -cb --cont-batching\tOne text at a time: for more, use the library.
          --host --port --api-key --slots --metrics\tForegate has no server.
          -v --log-verbose -lv --verbosity --verbosity-level\tUse --verbose.
          -co --color --simple-io --log-disable --log-file --log-colors --no-perf --perf\tMessages go to standard error, and text to standard output, without colours: leave it out.
          -q --quiet --silent\tMessages go to standard error: 2>/dev/null hides them.
          --format\tUse --json.
          --keepalive --think --hidethinking --nowordwrap --insecure\tThis is ollama's: leave it out.
          -fit --fit -fitt --fit-target\tUse --policy lookahead --expert-slots auto for what the device has left.
          --no-kv-offload -nkvo --op-offload --no-op-offload\tThe KV cache is where the --backend computes.
          --check-tensors --override-kv\tForegate checks what it reads, and takes the file's word.
          --warm-up\tUse --warmup-seconds.
          """);

  /** llama.cpp's names of types of whole files, and the type of experts that is nearest here. */
  private static final Map<String, String> TYPES =
      table(
          """
          Q2_K_S Q2_K_L IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ1_S IQ1_M TQ1_0 TQ2_0\tQ2_K
          Q3_K_S Q3_K_M Q3_K_L Q3_K_XL IQ3_XXS IQ3_XS IQ3_S IQ3_M\tQ3_K
          Q4_K_S Q4_K_M Q4_K_L Q4_1 Q4_K_XL MXFP4 MXFP4_MOE\tQ4_K
          Q5_K_S Q5_K_M Q5_K_L Q5_0 Q5_1 Q5_K_XL\tQ5_K
          Q6_K_L\tQ6_K
          COPY\tkeep
          """);

  private Habits() {}

  private static Map<String, String> table(String text) {
    Map<String, String> table = new LinkedHashMap<>();
    text.lines()
        .map(line -> line.split("\t"))
        .forEach(line -> Arrays.stream(line[0].split(" ")).forEach(w -> table.put(w, line[1])));
    return Map.copyOf(table);
  }

  /** The type here that is nearest to one that cannot be written, or {@code null}. */
  public static String nearestType(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    boolean written =
        Arrays.stream(GgmlType.values())
            .anyMatch(type -> type.name().equals(upper) && Quants.writes(type));
    return written ? null : TYPES.get(upper);
  }

  /** What a model may be elsewhere; {@code null} for what may be a file. */
  static UsageException notAFile(String model) {
    if (model.matches("(?i)(https?|hf|ollama)://.*|(hf\\.co|huggingface\\.co)/.*")) {
      return new UsageException(
          "'%s' is an address, expected a file".formatted(model),
          "Foregate downloads nothing: fetch the GGUF file, e.g. with curl -LO, then give its path.");
    }
    if (model.matches("[\\w.-]+(/[\\w.-]+)?:[\\w.-]+")) {
      return new UsageException(
          "'%s' is a name in a library of models, expected a file".formatted(model),
          "Foregate keeps no models and downloads none: give the path of a GGUF file.");
    }
    if (model.matches("[\\w-]+/[\\w.-]+") && !model.matches("(?i).*\\.(gguf|bin|safetensors)")) {
      return new UsageException(
          "'%s' is no file; it looks like a repository of Hugging Face".formatted(model),
          "Foregate downloads nothing: fetch its GGUF file, or its folder for 'foregate convert'.");
    }
    return null;
  }
}
